// CachedAttention: who attends to what, and on which thread.
#pragma once
#include "cached-attention.h"
#include "scratch.h"

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
