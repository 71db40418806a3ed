// Y = X · W, or X · Wᵀ, in float32 by AMX's bfloat16 tiles. Every number is split into two bfloat16, high and low
// (16 bits of its 24), and Y = Xh·Wh + Xh·Wl + Xl·Wh, summed in float32: about 2⁻¹⁶ of Σ|x·w| away from the exact sum,
// at several times the speed of float32 instructions. W is read where it lies and split as it is used, so no packed
// copy of it exists. A row's sum has one order whatever its neighbours and the threads: same numbers, same result.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>

/** A tile: 16 rows of 32 bfloat16; of W, 16 pairs of rows of 16 numbers. */
constexpr int64_t tileRows = 16, tileDepth = 32, tileNumbers = tileRows * tileDepth;
/** Rows and outputs that one task takes: its share of X and W, both parts, fits a core's second cache. */
constexpr int64_t taskRows = 256, taskOutputs = 192;

static inline int64_t up(int64_t x, int64_t unit) { return (x + unit - 1) / unit; }

/** Memory that grows and is kept. */
struct Scratch {
  void* memory = nullptr;
  size_t size = 0;
  void* take(size_t bytes) {
    if (bytes > size) {
      std::free(memory);
      memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
      size = memory == nullptr ? 0 : bytes;
    }
    return memory;
  }
  ~Scratch() { std::free(memory); }
};

/** 32 floats as bfloat16 `high`, and what that leaves as bfloat16 `low`. */
static inline void split(__m512 first, __m512 second, __m512i& high, __m512i& low) {
  high = (__m512i)_mm512_cvtne2ps_pbh(second, first);
  const auto back = [](__m256i half) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16)); };
  const __m512 restFirst = _mm512_sub_ps(first, back(_mm512_castsi512_si256(high)));
  const __m512 restSecond = _mm512_sub_ps(second, back(_mm512_extracti64x4_epi64(high, 1)));
  low = (__m512i)_mm512_cvtne2ps_pbh(restSecond, restFirst);
}

/** Up to 16 floats; zeros behind them. */
static inline __m512 part(const float* from, int64_t count) {
  if (count >= 16) return _mm512_loadu_ps(from);
  return count <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps((__mmask16)((1 << count) - 1), from);
}

/** Rows of lanes become columns. */
static inline void transpose(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; i++) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
}

struct Product {
  const float *x, *w;
  float* y;
  int64_t M, K, N;
  bool transposed; // W is [N, K]
  /** [tiles of rows][steps][high, low] and [tiles of outputs][steps][high, low]. */
  uint16_t *xTiles, *wTiles;

  int64_t steps() const { return up(K, tileDepth); }
  int64_t rowTiles() const { return up(M, 2 * tileRows) * 2; }
  int64_t outputTiles() const { return up(N, 2 * tileRows) * 2; }
  size_t xBytes() const { return rowTiles() * steps() * tileNumbers * 4; }
  size_t wBytes() const { return outputTiles() * steps() * tileNumbers * 4; }

  void splitRows(int64_t tile) const {
    for (int64_t step = 0; step < steps(); step++) {
      uint16_t* to = xTiles + (tile * steps() + step) * 2 * tileNumbers;
      for (int64_t r = 0; r < tileRows; r++) {
        const int64_t row = tile * tileRows + r, left = row < M ? K - step * tileDepth : 0;
        const float* from = x + row * K + step * tileDepth;
        __m512i high, low;
        split(part(from, left), part(from + 16, left - 16), high, low);
        _mm512_store_si512(to + r * tileDepth, high);
        _mm512_store_si512(to + tileNumbers + r * tileDepth, low);
      }
    }
  }

  void splitOutputs(int64_t tile) const {
    const int64_t n = tile * tileRows;
    for (int64_t step = 0; step < steps(); step++) {
      uint16_t* to = wTiles + (tile * steps() + step) * 2 * tileNumbers;
      const int64_t k = step * tileDepth;
      __m512i high[16], low[16];
      if (transposed) {
        for (int64_t i = 0; i < 16; i++) {
          const float* from = w + (n + i) * K + k;
          const int64_t left = n + i < N ? K - k : 0;
          split(part(from, left), part(from + 16, left - 16), high[i], low[i]);
        }
        transpose(high);
        transpose(low);
      } else {
        const __m512i pairs = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                               21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
        for (int64_t i = 0; i < 16; i++) {
          const int64_t row = k + 2 * i;
          const float* from = w + row * N + n;
          split(part(from, row < K ? N - n : 0), part(from + N, row + 1 < K ? N - n : 0), high[i], low[i]);
          high[i] = _mm512_permutexvar_epi16(pairs, high[i]);
          low[i] = _mm512_permutexvar_epi16(pairs, low[i]);
        }
      }
      for (int64_t i = 0; i < 16; i++) {
        _mm512_store_si512(to + i * 32, high[i]);
        _mm512_store_si512(to + tileNumbers + i * 32, low[i]);
      }
    }
  }

  /** Two tiles of rows times two of outputs. */
  void multiply(int64_t rowTile, int64_t outputTile) const {
    const int64_t count = steps(), next = count * 2 * tileNumbers;
    const uint16_t* a = xTiles + rowTile * next;
    const uint16_t* b = wTiles + outputTile * next;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t step = 0; step < count; step++, a += 2 * tileNumbers, b += 2 * tileNumbers) {
      _tile_loadd(4, a, 64);
      _tile_loadd(6, b + tileNumbers, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, b + next + tileNumbers, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, a + next, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
      _tile_loadd(6, b, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, b + next, 64);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
      _tile_loadd(4, a + tileNumbers, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, a + next + tileNumbers, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    const int64_t row = rowTile * tileRows, n = outputTile * tileRows;
    if (row + 2 * tileRows <= M && n + 2 * tileRows <= N) {
      _tile_stored(0, y + row * N + n, N * 4);
      _tile_stored(1, y + row * N + n + 16, N * 4);
      _tile_stored(2, y + (row + 16) * N + n, N * 4);
      _tile_stored(3, y + (row + 16) * N + n + 16, N * 4);
      return;
    }
    alignas(64) float edge[2 * tileRows][2 * tileRows];
    _tile_stored(0, &edge[0][0], 128);
    _tile_stored(1, &edge[0][16], 128);
    _tile_stored(2, &edge[16][0], 128);
    _tile_stored(3, &edge[16][16], 128);
    const int64_t width = N - n < 32 ? N - n : 32;
    for (int64_t r = 0; r < 32 && row + r < M; r++) std::memcpy(y + (row + r) * N + n, edge[r], width * 4);
  }

  int64_t rowTasks() const { return up(M, taskRows); }
  int64_t tasks() const { return rowTasks() * up(N, taskOutputs); }

  void run(int64_t task) const {
    const int64_t rows = task % rowTasks() * (taskRows / tileRows), outputs = task / rowTasks() * (taskOutputs / tileRows);
    const int64_t rowsEnd = rows + taskRows / tileRows < rowTiles() ? rows + taskRows / tileRows : rowTiles();
    const int64_t outputsEnd = outputs + taskOutputs / tileRows < outputTiles() ? outputs + taskOutputs / tileRows : outputTiles();
    for (int64_t r = rows; r < rowsEnd; r += 2)
      for (int64_t n = outputs; n < outputsEnd; n += 2) multiply(r, n);
  }
};
