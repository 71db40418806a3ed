// LoRA in a batch: each row's own matrices, read where its adapter lies; and the gate of a layer whose gate is adapted.
#pragma once
#include "block-linear-op.h"

/** Rank that an adapter may have at most. */
constexpr int64_t largestRank = 256;

/**
 * LowRankUpdate: y [B, S, N] → y + factor · (norm(x) · A) · B, x [B, S, K]. Rows of rank 0 keep y to the bit.
 * Inputs: y, x, matrices int64 [slots, entries] (for each linear the addresses of A [K, r] and B [r, width], 0 = not
 * adapted), ranks int32 [slots], factors [slots], gain of an RMSNorm of x?. Row b has slot b.
 * Attributes: `entry`, the first linear's place in a row of `matrices`; `width0` … `width2`, the outputs of the linears
 * that lie side by side in y. LoRA: Hu et al., arXiv 2106.09685.
 */
struct LowRankUpdate {
  int64_t entry, widths[3];
  float epsilon;

  static const char* name() { return "LowRankUpdate"; }
  static constexpr int inputs[] = {elementFloat, elementFloat, elementInt64, elementInt32, elementFloat, elementFloat};
  static constexpr size_t required = 5;
  static constexpr int outputs[] = {elementFloat};

  explicit LowRankUpdate(const OrtKernelInfo* info)
      : entry(ort::integerAttribute(info, "entry")),
        widths{ort::integerAttribute(info, "width0"), ort::integerAttribute(info, "width1"),
               ort::integerAttribute(info, "width2")},
        epsilon(ort::realAttribute(info, "epsilon")) {}

  void compute(OrtKernelContext* context) const {
    const auto input = [&](size_t index) {
      const OrtValue* value = ort::input(context, index);
      return value == nullptr ? nullptr : (const void*)ort::data(value);
    };
    const ort::Shape shape = ort::shape(ort::input(context, 0));
    const int64_t K = ort::shape(ort::input(context, 1)).dims[2];
    const int64_t entries = ort::shape(ort::input(context, 2)).dims[1];
    const int64_t S = shape.dims[1], N = shape.dims[2], tokens = shape.dims[0] * S;
    const auto* y = (const float*)input(0);
    const auto* x = (const float*)input(1);
    const auto* matrices = (const int64_t*)input(2);
    const auto* ranks = (const int32_t*)input(3);
    const auto* factors = (const float*)input(4);
    const auto* gain = (const float*)input(5);
    float* out = (float*)ort::data(ort::output(context, 0, shape.dims, shape.rank));
    const int64_t share = roundUp(tokens, 32) / 32;
    parallel(context, (tokens + share - 1) / share, [&](int64_t index) {
      const int64_t end = (index + 1) * share < tokens ? (index + 1) * share : tokens;
      for (int64_t token = index * share; token < end; token++) {
        const int64_t row = token / S;
        float* to = out + token * N;
        std::memcpy(to, y + token * N, N * sizeof(float));
        if (ranks[row] == 0) continue;
        const float* from = x + token * K;
        if (gain != nullptr) {
          float* normed = (float*)scratch<1>(K * sizeof(float));
          normRow(from, gain, epsilon, K, normed);
          from = normed;
        }
        update(from, K, matrices + row * entries + 2 * entry, ranks[row], factors[row], to);
      }
    });
  }

  void update(const float* x, int64_t K, const int64_t* addresses, int64_t rank, float factor, float* y) const {
    for (int64_t part = 0; part < 3 && widths[part] > 0; y += widths[part], part++) {
      const float* a = (const float*)addresses[2 * part];
      const float* b = (const float*)addresses[2 * part + 1];
      if (a == nullptr) continue;
      float inner[largestRank];
      project(x, K, a, rank, inner);
      for (int64_t r = 0; r < rank; r++) addRow(inner[r] * factor, b + r * widths[part], widths[part], y);
    }
  }

  /** inner [r] = x [K] · A [K, r], in four sums that are added in order. */
  static void project(const float* x, int64_t K, const float* a, int64_t rank, float* inner) {
    for (int64_t at = 0; at < rank; at += lanes) {
      const int64_t width = rank - at < lanes ? rank - at : lanes;
      const auto row = [&](int64_t k) {
        if (width == lanes) return load<Floats>(a + k * rank + at);
        Floats some = {};
        std::memcpy(&some, a + k * rank + at, width * sizeof(float));
        return some;
      };
      Floats total[4] = {};
      int64_t k = 0;
      for (; k + 4 <= K; k += 4) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) total[i] = fma(all(x[k + i]), row(k + i), total[i]);
      }
      for (; k < K; k++) total[0] = fma(all(x[k]), row(k), total[0]);
      const Floats sums = (total[0] + total[1]) + (total[2] + total[3]);
      std::memcpy(inner + at, &sums, width * sizeof(float));
    }
  }

  static void addRow(float by, const float* row, int64_t width, float* y) {
    int64_t n = 0;
    for (; n + lanes <= width; n += lanes) store(y + n, fma(all(by), load<Floats>(row + n), load<Floats>(y + n)));
    for (; n < width; n++) y[n] += by * row[n];
  }
};

/** Gated: up [B, S, N] times act(gate) [B, S, N], as BlockLinear does it where nothing comes between. */
struct Gated {
  Gate gate;

  static const char* name() { return "Gated"; }
  static constexpr int inputs[] = {elementFloat, elementFloat};
  static constexpr size_t required = 2;
  static constexpr int outputs[] = {elementFloat};

  explicit Gated(const OrtKernelInfo* info) : gate((Gate)ort::integerAttribute(info, "gate")) {}

  void compute(OrtKernelContext* context) const {
    const ort::Shape shape = ort::shape(ort::input(context, 0));
    const auto* up = (const float*)ort::data(ort::input(context, 0));
    const auto* gates = (const float*)ort::data(ort::input(context, 1));
    float* out = (float*)ort::data(ort::output(context, 0, shape.dims, shape.rank));
    constexpr int64_t share = 1 << 13;
    const int64_t count = shape.elements();
    parallel(context, (count + share - 1) / share, [&](int64_t index) {
      const int64_t end = (index + 1) * share < count ? (index + 1) * share : count;
      for (int64_t i = index * share; i < end; i += lanes) {
        const int64_t width = end - i < lanes ? end - i : lanes;
        Floats y = {}, gated = {};
        std::memcpy(&y, up + i, width * sizeof(float));
        std::memcpy(&gated, gates + i, width * sizeof(float));
        y *= gateOf(gate, gated);
        std::memcpy(out + i, &y, width * sizeof(float));
      }
    });
  }
};
