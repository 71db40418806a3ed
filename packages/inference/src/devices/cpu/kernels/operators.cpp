// Operators of the domain "parapet" for ONNX Runtime, compiled where they run (kernel-library.ts).
#include "block-linear.h"
#include "cached-attention.h"
#include "ort-abi.h"
#include <vector>
#if defined(__AMX_INT8__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ort {
const void* const* table = nullptr;
}

namespace {

#if defined(__AMX_INT8__)
/** Tiles are configured while it lives. */
struct Tiles {
  explicit Tiles(void (*configure)()) { configure(); }
  ~Tiles() { _tile_release(); }
};
#endif

/** Memory that grows to what was asked for most and is used again by the same thread. */
template <int use>
void* scratch(int64_t bytes) {
  static thread_local std::vector<char> memory;
  if ((int64_t)memory.size() < bytes + 64) memory.resize(bytes + 64);
  return (void*)roundUp((int64_t)memory.data(), 64);
}

/** Calls work(index) for 0 … count−1 on ONNX Runtime's threads. */
template <class Work>
void parallel(const OrtKernelContext* context, int64_t count, const Work& work) {
  ort::parallel(context, [](void* state, size_t index) { (*(const Work*)state)((int64_t)index); }, (size_t)count,
                (void*)&work);
}

/** Rows whose rounded form is in memory at once: that of 1,536 columns fills half a core's second cache. */
constexpr int64_t rowsAtOnce = 256;
/** Fewer numbers than this are rounded faster by one thread than by waking others. */
constexpr int64_t serialNumbers = 1 << 15;
/** Below so many rows products by VNNI are faster than whole tiles. */
constexpr int64_t tileRowsFrom = 4;

enum class Gate { none = 0, silu = 1, geluTanh = 2 };

Floats gateOf(Gate gate, Floats x) {
  if (gate == Gate::silu) return x / (exponential(-x) + 1.0f);
  // x · sigmoid(2 · √(2/π) · (x + 0.044715 x³)) is x/2 · (1 + tanh(√(2/π) · …))
  const Floats inner = x * fma(x * x, all(0.044715f), all(1.0f)) * 1.5957691216f;
  return x / (exponential(-inner) + 1.0f);
}

/**
 * BlockLinear: x [B, S, K] · W → [B, S, N], W packed (block-linear.h).
 * Inputs: x, W, W of a gate?, gain of an RMSNorm of x?, scale [B, 1, N]?, the gate's scale [B, 1, N]?, residual
 * [B, S, N]?. y = (norm(x) · W) ∘ scale, times act(gate) where there is one, plus residual.
 */
struct BlockLinear {
  int64_t K, N;
  Gate gate;
  float epsilon;

  static const char* name() { return "BlockLinear"; }
  static constexpr int inputs[] = {elementFloat, elementUint8, elementUint8, elementFloat,
                                   elementFloat, elementFloat, elementFloat};
  static constexpr size_t required = 2;
  static constexpr int outputs[] = {elementFloat};

  explicit BlockLinear(const OrtKernelInfo* info)
      : K(ort::integerAttribute(info, "K")), N(ort::integerAttribute(info, "N")),
        gate((Gate)ort::integerAttribute(info, "gate")), epsilon(ort::realAttribute(info, "epsilon")) {}

  struct Call {
    const float *x, *gain, *scale, *gateScale, *residual;
    float* y;
    int64_t rowsPerScale;
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
    const Call call = {numbers(0), numbers(3), numbers(4), numbers(5), numbers(6), y, rowsPerScale};
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
      // Each row's scales are a line of their own somewhere: asked for now, they are there when the product is.
      for (int64_t r = 0; r < rows; r++) {
        const int64_t at = (first + row + r) / call.rowsPerScale * N + panel * tileN;
        if (call.scale != nullptr) _mm_prefetch((const char*)(call.scale + at), _MM_HINT_T0);
        if (call.gateScale != nullptr) _mm_prefetch((const char*)(call.gateScale + at), _MM_HINT_T0);
      }
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
      if (width == tileN) return load<Floats>(from + column);
      Floats some = {};
      std::memcpy(&some, from + column, width * sizeof(float));
      return some;
    };
    const int64_t scaleRow = row / call.rowsPerScale * N;
    if (call.scale != nullptr) y *= part(call.scale + scaleRow);
    if (gate != Gate::none) {
      if (call.gateScale != nullptr) gated *= part(call.gateScale + scaleRow);
      y *= gateOf(gate, gated);
    }
    if (call.residual != nullptr) y += part(call.residual + row * N);
    std::memcpy(call.y + row * N + column, &y, width * sizeof(float));
  }
};

/**
 * CachedAttention: the last S positions of B rows. Inputs: packed projections [B, S, (heads + 2 · kvHeads) · d], keys
 * and values int8 [B, kvHeads, capacity, d] (the new positions are written in place), each row's last position int32
 * [B], cos and sin [context, d / 2], scales of keys and values [kvHeads · d]. Output: [B, S, heads · d]. A position
 * attends to itself and those before it, each on its own: a prompt gives what its tokens give one by one.
 */
struct CachedAttention {
  int64_t heads, kvHeads;

  static const char* name() { return "CachedAttention"; }
  static constexpr int inputs[] = {elementFloat, elementInt8, elementInt8, elementInt32,
                                   elementFloat, elementFloat, elementFloat, elementFloat};
  static constexpr size_t required = 8;
  static constexpr int outputs[] = {elementFloat};
  /** Positions of a prompt that one task attends for. */
  static constexpr int64_t positionsAtOnce = 16;

  explicit CachedAttention(const OrtKernelInfo* info)
      : heads(ort::integerAttribute(info, "heads")), kvHeads(ort::integerAttribute(info, "kv_heads")) {}

  void compute(OrtKernelContext* context) const {
    const auto data = [&](size_t index) { return ort::data(ort::input(context, index)); };
    const ort::Shape cache = ort::shape(ort::input(context, 1)), projections = ort::shape(ort::input(context, 0));
    const AttentionShape shape = {heads, kvHeads, cache.dims[3], cache.dims[2]};
    const int64_t rows = projections.dims[0], length = projections.dims[1], d = shape.headDim;
    const int64_t outShape[] = {rows, length, heads * d};
    float* out = (float*)ort::data(ort::output(context, 0, outShape, 3));
    const float *packed = (const float*)data(0), *cos = (const float*)data(4), *sin = (const float*)data(5);
    const float *keyScales = (const float*)data(6), *valueScales = (const float*)data(7);
    int8_t *keys = (int8_t*)data(1), *values = (int8_t*)data(2);
    const int32_t* last = (const int32_t*)data(3);
    const auto headCache = [&](int64_t row, int64_t head) {
      const int64_t at = (row * kvHeads + head) * shape.capacity * d;
      return HeadCache{keys + at, values + at, keyScales + head * d, valueScales + head * d};
    };
    const auto write = [&](int64_t row, int64_t head, int64_t index) {
      const int64_t at = row * length + index;
      writePosition(shape, packed + at * shape.packed(), head, last[row] - length + 1 + index, headCache(row, head), cos,
                    sin);
    };
    if (length > 1) {
      parallel(context, rows * kvHeads, [&](int64_t task) {
        for (int64_t index = 0; index < length; index++) write(task / kvHeads, task % kvHeads, index);
      });
    }
    const int64_t spans = (length + positionsAtOnce - 1) / positionsAtOnce;
    parallel(context, rows * kvHeads * spans, [&](int64_t task) {
#if defined(__AMX_INT8__)
      const Tiles tiles(configureAttentionTiles);
#endif
      // The last positions have the most to read, so they go first.
      const int64_t span = spans - 1 - task / (rows * kvHeads);
      const int64_t row = task / kvHeads % rows, head = task % kvHeads;
      if (length == 1) write(row, head, 0);
      float* scores = (float*)scratch<2>(mostGroup * roundUp(last[row] + 1, tileM) * sizeof(float));
      for (int64_t index = span * positionsAtOnce; index < length && index < (span + 1) * positionsAtOnce; index++) {
        const int64_t at = row * length + index;
        attendPosition(shape, packed + at * shape.packed(), head, last[row] - length + 1 + index, headCache(row, head),
                       cos, sin, scores, out + at * heads * d);
      }
    });
  }
};

/** LargestIndex: numbers [B, 1, V] → int32 [B, 1], the first of the largest; −1 where there is none that is a number. */
struct LargestIndex {
  static const char* name() { return "LargestIndex"; }
  static constexpr int inputs[] = {elementFloat};
  static constexpr size_t required = 1;
  static constexpr int outputs[] = {elementInt32};

  explicit LargestIndex(const OrtKernelInfo*) {}

  void compute(OrtKernelContext* context) const {
    const ort::Shape shape = ort::shape(ort::input(context, 0));
    const int64_t rows = shape.dims[0], width = shape.elements() / rows;
    const int64_t outShape[] = {rows, 1};
    int32_t* out = (int32_t*)ort::data(ort::output(context, 0, outShape, 2));
    const float* numbers = (const float*)ort::data(ort::input(context, 0));
    parallel(context, rows, [&](int64_t row) { out[row] = largestIndex(numbers + row * width, width); });
  }

  static int32_t largestIndex(const float* x, int64_t count) {
    Floats most = all(-__builtin_inff());
    Ints where = Ints{} - 1;
    Ints index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes, index += lanes) {
      const Floats here = load<Floats>(x + i);
      where = here > most ? index : where;
      most = here > most ? here : most;
    }
    float best = -__builtin_inff();
    int32_t at = -1;
    for (int lane = 0; lane < lanes; lane++) {
      const bool first = most[lane] == best && where[lane] < at;
      if (where[lane] >= 0 && (most[lane] > best || first)) {
        best = most[lane];
        at = where[lane];
      }
    }
    for (; i < count; i++) {
      if (x[i] > best) {
        best = x[i];
        at = (int32_t)i;
      }
    }
    return at;
  }
};

/** ONNX Runtime's table of functions for an operator that is a struct as above. */
template <class Kernel>
const OrtCustomOp* operatorOf() {
  static const OrtCustomOp op = [] {
    OrtCustomOp table = {};
    table.version = customOpVersion;
    table.createKernel = [](const OrtCustomOp*, const void*, const OrtKernelInfo* info) -> void* {
      return new Kernel(info);
    };
    table.getName = [](const OrtCustomOp*) { return Kernel::name(); };
    table.getExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };
    table.getInputType = [](const OrtCustomOp*, size_t index) { return Kernel::inputs[index]; };
    table.getInputTypeCount = [](const OrtCustomOp*) { return sizeof Kernel::inputs / sizeof(int); };
    table.getOutputType = [](const OrtCustomOp*, size_t index) { return Kernel::outputs[index]; };
    table.getOutputTypeCount = [](const OrtCustomOp*) { return sizeof Kernel::outputs / sizeof(int); };
    table.kernelCompute = [](void* kernel, OrtKernelContext* context) { ((Kernel*)kernel)->compute(context); };
    table.kernelDestroy = [](void* kernel) { delete (Kernel*)kernel; };
    table.getInputCharacteristic = [](const OrtCustomOp*, size_t index) { return index < Kernel::required ? 0 : 1; };
    table.getOutputCharacteristic = [](const OrtCustomOp*, size_t) { return 0; };
    table.getInputMemoryType = [](const OrtCustomOp*, size_t) { return 0; };
    return table;
  }();
  return &op;
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

/** Asks the system for what the kernels need; 0 when they may run. */
EXPORTED int prepareKernels() {
#if defined(__AMX_INT8__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0 ? 0 : 1;
#else
  return 0;
#endif
}

/** What ONNX Runtime calls when the library is registered with a session. */
EXPORTED OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  constexpr uint32_t apiVersion = 18;
  ort::table = base->getApi(apiVersion);
  static OrtCustomOpDomain* domain = nullptr;
  if (domain == nullptr) {
    if (OrtStatus* failed = ort::createDomain("parapet", &domain)) return failed;
    for (const OrtCustomOp* op : {operatorOf<BlockLinear>(), operatorOf<CachedAttention>(), operatorOf<LargestIndex>()}) {
      if (OrtStatus* failed = ort::addOperator(domain, op)) return failed;
    }
  }
  return ort::addDomain(options, domain);
}
