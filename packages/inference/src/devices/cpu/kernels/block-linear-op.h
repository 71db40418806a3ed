// BlockLinear: a product with everything that would be a pass over memory of its own.
#pragma once
#include "scratch.h"

/** Rows whose rounded form is in memory at once: that of 1,536 columns fills half a core's second cache. */
constexpr int64_t rowsAtOnce = 256;
/** Fewer numbers than this are rounded faster by one thread than by waking others. */
constexpr int64_t serialNumbers = 1 << 15;
/** Below so many rows products by VNNI are faster than whole tiles. */
constexpr int64_t tileRowsFrom = 4;

enum class Gate { none = 0, silu = 1, geluTanh = 2 };

static inline Floats gateOf(Gate gate, Floats x) {
  if (gate == Gate::silu) return x / (exponential(-x) + 1.0f);
  // x · sigmoid(2 · √(2/π) · (x + 0.044715 x³)) is x/2 · (1 + tanh(√(2/π) · …))
  const Floats inner = x * fma(x * x, all(0.044715f), all(1.0f)) * 1.5957691216f;
  return x / (exponential(-inner) + 1.0f);
}

/**
 * BlockLinear: x [B, S, K] · W → [B, S, N], W packed (block-linear.h).
 * Inputs: x, W, W of a gate?, gain of an RMSNorm of x?, scale [B, 1, N]?, the gate's scale [B, 1, N]?, residual
 * [B, S, N]?. y = (norm(x) · W) ∘ scale, times act(gate) where there is one, plus residual.
 * A scale L counts as 1 + bfloat16(L − 1), whatever form it comes in. With `scales_in_tiles` that bfloat16 is what comes,
 * [slots / 16, N / 16, 16, 16] of at least B slots: what 16 rows take from panel to panel is one stream through memory,
 * which the processor fetches ahead by itself.
 */
struct BlockLinear {
  int64_t K, N;
  Gate gate;
  bool scalesInTiles;
  float epsilon;

  static const char* name() { return "BlockLinear"; }
  static constexpr int inputs[] = {elementFloat, elementUint8, elementUint8, elementFloat,
                                   elementAny,   elementAny,   elementFloat};
  static constexpr size_t required = 2;
  static constexpr int outputs[] = {elementFloat};

  explicit BlockLinear(const OrtKernelInfo* info)
      : K(ort::integerAttribute(info, "K")), N(ort::integerAttribute(info, "N")),
        gate((Gate)ort::integerAttribute(info, "gate")),
        scalesInTiles(ort::integerAttribute(info, "scales_in_tiles") != 0), epsilon(ort::realAttribute(info, "epsilon")) {}

  /** Scales of rows, and how far apart those of 16 rows, of two rows and of two panels are. */
  struct Scales {
    const void* numbers;
    bool inTiles;
    int64_t tileStep, rowStep, panelStep;

    bool given() const { return numbers != nullptr; }
    /** What `width` outputs of a panel are multiplied by. */
    Floats of(int64_t row, int64_t panel, int64_t width) const {
      const int64_t at = row / tileM * tileStep + row % tileM * rowStep + panel * panelStep;
      if (inTiles) return fromBfloat16(load<Halves16>((const uint16_t*)numbers + at)) + 1.0f;
      Floats scale = {};
      std::memcpy(&scale, (const float*)numbers + at, width * sizeof(float));
      return throughBfloat16(scale - 1.0f) + 1.0f;
    }
  };

  struct Call {
    const float *x, *gain, *residual;
    Scales scale, gateScale;
    float* y;
    int64_t rowsPerScale;

    /** Whose scales a row takes: in decoding its own, which needs no division for every row and panel. */
    int64_t scaleRow(int64_t row) const { return rowsPerScale == 1 ? row : row / rowsPerScale; }
  };

  void compute(OrtKernelContext* context) const {
    const auto numbers = [&](size_t index) {
      const OrtValue* value = ort::input(context, index);
      return value == nullptr ? nullptr : (const float*)ort::data(value);
    };
    ort::Shape shape = ort::shape(ort::input(context, 0));
    const int64_t rows = shape.elements() / K;
    shape.dims[shape.rank - 1] = N;
    float* y = (float*)ort::data(ort::output(context, 0, shape.dims, shape.rank));
    const int64_t rowsPerScale = shape.rank == 3 ? shape.dims[1] : 1;
    const auto scales = [&](size_t index) {
      if (!scalesInTiles) return Scales{numbers(index), false, tileM * N, N, tileN};
      return Scales{numbers(index), true, roundUp(N, tileN) * tileM, tileN, tileM * tileN};
    };
    const Call call = {numbers(0), numbers(3), numbers(6), scales(4), scales(5), y, rowsPerScale};
    const PackedMatrix w(numbers(1), K);
    const PackedMatrix gateW(gate == Gate::none ? nullptr : numbers(2), K);
    for (int64_t first = 0; first < rows; first += rowsAtOnce) {
      const int64_t count = rows - first < rowsAtOnce ? rows - first : rowsAtOnce;
      multiply(context, call, w, gateW, first, count);
    }
  }

  void multiply(const OrtKernelContext* context, const Call& call, const PackedMatrix& w, const PackedMatrix& gateW,
                int64_t first, int64_t count) const {
    RoundedRows x;
    x.place(scratch<0>(RoundedRows::bytes(count, w.blocks)), count, w.blocks);
    const auto roundRows = [&](int64_t from, int64_t to) {
      float* normed = call.gain == nullptr ? nullptr : (float*)scratch<1>(K * sizeof(float));
      for (int64_t row = from; row < to; row++) {
        const float* source = call.x + (first + row) * K;
        if (normed != nullptr) normRow(source, call.gain, epsilon, K, normed);
        roundRow(normed != nullptr ? normed : source, K, x, row);
      }
    };
    if (count * K < serialNumbers) {
      roundRows(0, count);
    } else {
      const int64_t share = roundUp(count, 8) / 8;
      parallel(context, (count + share - 1) / share, [&](int64_t index) {
        roundRows(index * share, (index + 1) * share < count ? (index + 1) * share : count);
      });
    }
    const int64_t panels = roundUp(N, tileN) / tileN;
    const int64_t share = panels / 8 < 4 ? 4 : panels / 8 > 48 ? 48 : panels / 8;
    parallel(context, (panels + share - 1) / share, [&](int64_t index) {
#if defined(__AMX_INT8__)
      const Tiles tiles(configureTiles);
#endif
      const int64_t end = (index + 1) * share < panels ? (index + 1) * share : panels;
      for (int64_t panel = index * share; panel < end; panel++) multiplyPanel(call, x, w, gateW, first, count, panel, end);
    });
  }

  void multiplyPanel(const Call& call, const RoundedRows& x, const PackedMatrix& w, const PackedMatrix& gateW,
                     int64_t first, int64_t count, int64_t panel, int64_t panels) const {
    Floats up[tileM], gates[tileM];
    const auto rows = [&](int64_t row, int64_t rows, auto product) {
      product(w, up);
      if (gate != Gate::none) product(gateW, gates);
      for (int64_t r = 0; r < rows; r++) finish(call, first + row + r, panel, up[r], gates[r]);
    };
#if defined(__AMX_INT8__)
    if (count >= tileRowsFrom) {
      const int64_t shares = roundUp(count, tileM) / tileM;
      for (int64_t tile = 0; tile < shares; tile++) {
        const int64_t row = tile * tileM;
        rows(row, count - row < tileM ? count - row : tileM, [&](const PackedMatrix& matrix, Floats* out) {
          multiplyTile(x, row, matrix, panel, tile, shares, panels, out);
        });
      }
      return;
    }
#endif
    int64_t row = 0;
    for (; row + 4 <= count; row += 4) {
      rows(row, 4, [&](const PackedMatrix& matrix, Floats* out) { multiplyRows<4>(x, row, matrix, panel, out); });
    }
    for (; row < count; row++) {
      rows(row, 1, [&](const PackedMatrix& matrix, Floats* out) { multiplyRows<1>(x, row, matrix, panel, out); });
    }
  }

  /** What follows the product of one row and 16 outputs. */
  void finish(const Call& call, int64_t row, int64_t panel, Floats y, Floats gated) const {
    const int64_t column = panel * tileN;
    const int64_t width = N - column < tileN ? N - column : tileN;
    const auto part = [&](const float* from) {
      if (width == tileN) return load<Floats>(from);
      Floats some = {};
      std::memcpy(&some, from, width * sizeof(float));
      return some;
    };
    const int64_t scaleRow = call.scaleRow(row);
    if (call.scale.given()) y *= call.scale.of(scaleRow, panel, width);
    if (gate != Gate::none) {
      if (call.gateScale.given()) gated *= call.gateScale.of(scaleRow, panel, width);
      y *= gateOf(gate, gated);
    }
    if (call.residual != nullptr) y += part(call.residual + row * N + column);
    std::memcpy(call.y + row * N + column, &y, width * sizeof(float));
  }
};
