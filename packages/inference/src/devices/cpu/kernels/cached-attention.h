// One query a row over a cache of 8-bit keys and values, a scale a channel: a row reads its own length and no more.
#pragma once
#include "block-linear.h"
#include <cmath>

struct AttentionShape {
  int64_t heads, kvHeads, headDim, capacity;
  int64_t group() const { return heads / kvHeads; }
  /** Width of a row's packed projections: queries, keys, values. */
  int64_t packed() const { return (heads + 2 * kvHeads) * headDim; }
};

/** Heads of queries that one pass over the keys serves. */
constexpr int64_t mostGroup = 4;
constexpr int64_t mostHeadDim = 256;

/** Turns pairs (i, i + half) of a head by its position's angles. */
static void rotate(const float* x, const float* cos, const float* sin, int64_t headDim, float* out) {
  const int64_t half = headDim / 2;
  for (int64_t i = 0; i < half; i++) {
    out[i] = x[i] * cos[i] - x[i + half] * sin[i];
    out[i + half] = x[i + half] * cos[i] + x[i] * sin[i];
  }
}

/** A key or value as it lies in the cache. */
static void quantiseHead(const float* x, const float* scales, int64_t headDim, int8_t* out) {
  for (int64_t i = 0; i < headDim; i += lanes) {
    const Floats q = load<Floats>(x + i) / load<Floats>(scales + i);
    const Floats held = smaller(larger(q, all(-127.0f)), all(127.0f));
    store(out + i, __builtin_convertvector(nearest(held), Bytes16));
  }
}

/** Scores of `count` positions for G queries, `[position][4]`: q · k. */
template <int G>
static void scoreKeys(const float (*queries)[mostHeadDim], const int8_t* keys, int64_t count, int64_t headDim,
                      float* scores) {
  for (int64_t position = 0; position < count; position++) {
    Floats products[G] = {};
    for (int64_t i = 0; i < headDim; i += lanes) {
      const Floats key = bytesAsFloats(keys + position * headDim + i);
      for (int g = 0; g < G; g++) products[g] = fma(load<Floats>(queries[g] + i), key, products[g]);
    }
    for (int g = 0; g < G; g++) scores[position * mostGroup + g] = sum(products[g]);
  }
}

#if defined(__AMX_INT8__)
/** Tiles of keys that are asked for before they are needed. The values are asked for meanwhile. */
constexpr int64_t keysAhead = 6;

/** Tile shapes of attention: two C of 16 positions by 8 columns, one A of 16 keys, one B of 8 columns. */
static void configureAttentionTiles() {
  struct alignas(64) {
    uint8_t palette = 1, startRow = 0, reserved[14] = {};
    uint16_t bytes[16] = {32, 32, 32, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16};
  } shape;
  _tile_loadconfig(&shape);
}

/** The same by AMX for heads of 64: 16 keys are a tile as they lie, the queries are rounded to 15 bits. */
template <int G>
static void scoreTiles(const float (*queries)[mostHeadDim], const int8_t* keys, const int8_t* values, int64_t tiles,
                       float* scores) {
  typedef int32_t Four __attribute__((vector_size(16)));
  alignas(64) int8_t columns[blockK / 4][2 * mostGroup][4] = {};
  alignas(64) Four products[4][tileM][2];
  Quarter scales = {};
  for (int g = 0; g < G; g++) {
    const RoundedBlock rounded = roundBlock(queries[g]);
    scales[g] = rounded.scale;
    alignas(64) int8_t high[blockK], low[blockK];
    for (int64_t i = 0; i < blockK; i += lanes) {
      const Ints top = (rounded.q[i / lanes] + 64) >> 7;
      store(high + i, __builtin_convertvector(top, Bytes16));
      store(low + i, __builtin_convertvector(rounded.q[i / lanes] - (top << 7), Bytes16));
    }
    for (int64_t i = 0; i < blockK / 4; i++) {
      std::memcpy(columns[i][g], high + 4 * i, 4);
      std::memcpy(columns[i][mostGroup + g], low + 4 * i, 4);
    }
  }
  _tile_loadd(2, columns, 32);
  for (int64_t step = 0; step < tiles + tilesAhead; step++) {
    const int8_t* from = keys + step * tileM * blockK;
    if (step < tiles) {
      for (int64_t line = 0; line < tileM; line++) {
        _mm_prefetch((const char*)(values + (step * tileM + line) * blockK), _MM_HINT_T1);
        _mm_prefetch((const char*)(from + (keysAhead * tileM + line) * blockK), _MM_HINT_T0);
      }
    }
    if (step < tiles && (step & 1)) {
      _tile_zero(0);
      _tile_loadd(3, from, blockK);
      _tile_dpbssd(0, 3, 2);
      _tile_stored(0, products[step & 3], 32);
    } else if (step < tiles) {
      _tile_zero(1);
      _tile_loadd(4, from, blockK);
      _tile_dpbssd(1, 4, 2);
      _tile_stored(1, products[step & 3], 32);
    }
    const int64_t tile = step - tilesAhead;
    if (tile < 0) continue;
    for (int r = 0; r < tileM; r++) {
      const Four* row = products[tile & 3][r];
      store(scores + (tile * tileM + r) * mostGroup, __builtin_convertvector((row[0] << 7) + row[1], Quarter) * scales);
    }
  }
}
#endif

/** Scores `[position][4]` become weights that sum to 1 for each of the four. `scores` has room for whole tiles. */
static void softmax(float* scores, int64_t count) {
  const int64_t numbers = count * mostGroup, whole = roundUp(numbers, lanes);
  for (int64_t i = numbers; i < whole; i++) scores[i] = -__builtin_inff();
  Floats most = all(-__builtin_inff());
  for (int64_t i = 0; i < whole; i += lanes) most = larger(load<Floats>(scores + i), most);
  const Floats top = everyQuarter(foldLargest(most));
  Floats total = {};
  for (int64_t i = 0; i < whole; i += lanes) {
    const Floats weight = exponential(load<Floats>(scores + i) - top);
    store(scores + i, weight);
    total += weight;
  }
  const Floats inverse = 1.0f / everyQuarter(foldSum(total));
  for (int64_t i = 0; i < whole; i += lanes) store(scores + i, load<Floats>(scores + i) * inverse);
}

/** C · 16 channels of G weighted sums of values, `[G][headDim]`. */
template <int G, int C>
static void sumValues(const float* weights, const int8_t* values, int64_t count, int64_t headDim, const float* scales,
                      float* out) {
  Floats totals[G][C] = {};
  for (int64_t position = 0; position < count; position++) {
    Floats value[C];
    for (int c = 0; c < C; c++) value[c] = bytesAsFloats(values + position * headDim + c * lanes);
    for (int g = 0; g < G; g++) {
      const Floats weight = all(weights[position * mostGroup + g]);
      for (int c = 0; c < C; c++) totals[g][c] = fma(weight, value[c], totals[g][c]);
    }
  }
  for (int g = 0; g < G; g++) {
    for (int c = 0; c < C; c++) {
      store(out + g * headDim + c * lanes, totals[g][c] * load<Floats>(scales + c * lanes));
    }
  }
}

/** G heads of queries over the first `count` positions of their keys and values; `queries` are rotated. */
template <int G>
static void attendHeads(float (*queries)[mostHeadDim], const int8_t* keys, const int8_t* values, int64_t count,
                        int64_t headDim, const float* keyScales, const float* valueScales, float* scores, float* out) {
  const float factor = 1.0f / std::sqrt((float)headDim);
  for (int g = 0; g < G; g++) {
    for (int64_t i = 0; i < headDim; i += lanes) {
      store(queries[g] + i, load<Floats>(queries[g] + i) * load<Floats>(keyScales + i) * factor);
    }
  }
#if defined(__AMX_INT8__)
  // The last tile may read past the last position, what the slot held before: softmax leaves those scores out.
  if (headDim == blockK) scoreTiles<G>(queries, keys, values, roundUp(count, tileM) / tileM, scores);
  else
#endif
    scoreKeys<G>(queries, keys, count, headDim, scores);
  softmax(scores, count);
  int64_t channel = 0;
  for (; channel + 64 <= headDim; channel += 64) {
    sumValues<G, 4>(scores, values + channel, count, headDim, valueScales + channel, out + channel);
  }
  for (; channel < headDim; channel += lanes) {
    sumValues<G, 1>(scores, values + channel, count, headDim, valueScales + channel, out + channel);
  }
}

/** What attention of one row and KV head reads and writes. */
struct HeadCache {
  int8_t *keys, *values;
  const float *keyScales, *valueScales;
};

/** Rotates a position's key and writes it and its value into the cache. `packed`: the position's projections. */
static void writePosition(const AttentionShape& shape, const float* packed, int64_t kvHead, int64_t position,
                          const HeadCache& cache, const float* cos, const float* sin) {
  const int64_t d = shape.headDim;
  alignas(64) float turned[mostHeadDim];
  rotate(packed + (shape.heads + kvHead) * d, cos + position * (d / 2), sin + position * (d / 2), d, turned);
  quantiseHead(turned, cache.keyScales, d, cache.keys + position * d);
  quantiseHead(packed + (shape.heads + shape.kvHeads + kvHead) * d, cache.valueScales, d, cache.values + position * d);
}

/**
 * A position's queries of one KV head over positions 0 … position. `scores` has room for mostGroup numbers of every
 * position, to whole tiles.
 */
static void attendPosition(const AttentionShape& shape, const float* packed, int64_t kvHead, int64_t position,
                           const HeadCache& cache, const float* cos, const float* sin, float* scores, float* out) {
  const int64_t d = shape.headDim;
  alignas(64) float queries[mostGroup][mostHeadDim];
  for (int64_t first = 0; first < shape.group(); first += mostGroup) {
    const int64_t count = shape.group() - first < mostGroup ? shape.group() - first : mostGroup;
    const int64_t head = kvHead * shape.group() + first;
    for (int64_t g = 0; g < count; g++) {
      rotate(packed + (head + g) * d, cos + position * (d / 2), sin + position * (d / 2), d, queries[g]);
    }
    const auto attend = [&](auto run) {
      run(queries, cache.keys, cache.values, position + 1, d, cache.keyScales, cache.valueScales, scores,
          out + head * d);
    };
    switch (count) {
      case 1: attend(attendHeads<1>); break;
      case 2: attend(attendHeads<2>); break;
      case 3: attend(attendHeads<3>); break;
      default: attend(attendHeads<4>);
    }
  }
}
