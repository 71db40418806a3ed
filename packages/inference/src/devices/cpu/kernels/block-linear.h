// y = x · W with W in 8-bit blocks. Activations are rounded to 15 bits by block of a row and multiplied as integers
// (high · 128 + low where products take 8 bits), so a block's sum is exact whatever computes it; blocks are added in
// order. Hence a row's result depends on nothing but the row: not on its neighbours, their number, or threads.
#pragma once
#include "vector.h"

/** Numbers that share a scale along K, for weights and activations. One AMX tile is this deep. */
constexpr int64_t blockK = 64;
/** Outputs that lie together. */
constexpr int64_t tileN = 16;
constexpr int64_t tileBytes = blockK * tileN;
/** Rows that AMX multiplies at once. */
constexpr int64_t tileM = 16;

static inline int64_t roundUp(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }

/**
 * How a matrix [K, N] lies in memory: for every 16 outputs a panel of [blocks][K/4][16][4] int8, then its scales
 * [blocks][16] bfloat16. It is the layout of an AMX tile, and of VNNI's quadruples.
 */
struct PackedMatrix {
  const uint8_t* bytes;
  int64_t blocks;
  int64_t panelBytes;

  PackedMatrix(const void* bytes, int64_t K)
      : bytes((const uint8_t*)bytes), blocks(roundUp(K, blockK) / blockK),
        panelBytes(roundUp(blocks * (tileBytes + tileN * 2), 64)) {}
  const int8_t* tile(int64_t panel, int64_t block) const {
    return (const int8_t*)bytes + panel * panelBytes + block * tileBytes;
  }
  Floats scales(int64_t panel, int64_t block) const {
    const auto* at = bytes + panel * panelBytes + blocks * tileBytes + block * tileN * 2;
    return fromBfloat16(load<Halves16>(at));
  }
};

/** Rows of activations, rounded. Rows are filled up to whole tiles with zeros. */
struct RoundedRows {
  int64_t rows = 0, blocks = 0;
  /** [rows / 16][blocks][16][64], or int16 in one where products take 16 bits. */
  int8_t* high = nullptr;
  int8_t* low = nullptr;
  int16_t* whole = nullptr;
  /** [rows][blocks]; NaN where a row's block held a number that is none. */
  float* scale = nullptr;
  /** [rows][blocks]: 128 times the block's sum: what unsigned weights add too much. */
  int32_t* excess = nullptr;

  int64_t offset(int64_t row, int64_t block) const {
    return ((row / tileM * blocks + block) * tileM + row % tileM) * blockK;
  }
  /** Bytes that `place` takes for so many rows. */
  static int64_t bytes(int64_t rows, int64_t blocks) {
    const int64_t padded = roundUp(rows, tileM);
    return padded * blocks * blockK * 2 + padded * blocks * 8 + 64;
  }
  void place(void* memory, int64_t rowCount, int64_t blockCount) {
    rows = rowCount;
    blocks = blockCount;
    const int64_t padded = roundUp(rows, tileM);
    const int64_t numbers = padded * blocks * blockK;
    high = (int8_t*)roundUp((int64_t)memory, 64);
    low = high + numbers;
    whole = (int16_t*)high;
    scale = (float*)(high + 2 * numbers);
    excess = (int32_t*)(scale + padded * blocks);
  }
};

constexpr float largestRounded = 16256.0f;  // 127 · 128

/** A block of numbers as integers: x = scale · (128 · high + low). */
struct RoundedBlock {
  Ints q[blockK / lanes];
  /** NaN where the block held a number that is none. */
  float scale;
};

static inline RoundedBlock roundBlock(const float* x) {
  Ints most = {};
  for (int64_t i = 0; i < blockK; i += lanes) {
    const Ints size = bits(load<Floats>(x + i)) & 0x7fffffff;
    most = size > most ? size : most;
  }
  const int32_t top = largest(most);
  const bool finite = top < 0x7f800000;
  float size;
  std::memcpy(&size, &top, sizeof size);
  // Below this the reciprocal overflows; such a block is zero for every purpose.
  const float inverse = finite && size > 1e-30f ? largestRounded / size : 0.0f;
  RoundedBlock out;
  out.scale = finite ? size / largestRounded : __builtin_nanf("");
  for (int64_t i = 0; i < blockK; i += lanes) {
    out.q[i / lanes] = finite ? nearest(load<Floats>(x + i) * inverse) : Ints{};
  }
  return out;
}

/** Rounds one row of K numbers. */
static void roundRow(const float* x, int64_t K, RoundedRows& out, int64_t row) {
  for (int64_t block = 0; block < out.blocks; block++) {
    float padded[blockK];
    const float* from = x + block * blockK;
    if (block * blockK + blockK > K) {
      const int64_t count = K - block * blockK;
      std::memcpy(padded, from, count * sizeof(float));
      std::memset(padded + count, 0, (blockK - count) * sizeof(float));
      from = padded;
    }
    const RoundedBlock rounded = roundBlock(from);
    const int64_t at = out.offset(row, block);
    Ints total = {};
    for (int64_t i = 0; i < blockK; i += lanes) {
      const Ints q = rounded.q[i / lanes];
      total += q;
#if defined(__AVX512VNNI__)
      const Ints high = (q + 64) >> 7;
      store(out.high + at + i, __builtin_convertvector(high, Bytes16));
      store(out.low + at + i, __builtin_convertvector(q - (high << 7), Bytes16));
#else
      typedef int16_t Shorts __attribute__((vector_size(32)));
      store(out.whole + at + i, __builtin_convertvector(q, Shorts));
#endif
    }
    out.scale[row * out.blocks + block] = rounded.scale;
    out.excess[row * out.blocks + block] = 128 * sum(total);
  }
}

/** Root mean square norm of a row, with its gain. */
static void normRow(const float* x, const float* gain, float epsilon, int64_t K, float* out) {
  Floats squares = {};
  int64_t i = 0;
  for (; i + lanes <= K; i += lanes) squares = fma(load<Floats>(x + i), load<Floats>(x + i), squares);
  float total = sum(squares);
  for (; i < K; i++) total += x[i] * x[i];
  const float inverse = 1.0f / __builtin_sqrtf(total / (float)K + epsilon);
  for (i = 0; i + lanes <= K; i += lanes) store(out + i, load<Floats>(x + i) * inverse * load<Floats>(gain + i));
  for (; i < K; i++) out[i] = x[i] * inverse * gain[i];
}

/** Asks for a panel's part that will be read soon. */
static inline void prefetchTile(const PackedMatrix& w, int64_t panel, int64_t block) {
  const char* at = (const char*)w.tile(panel, block);
  for (int64_t line = 0; line < tileBytes; line += 64) _mm_prefetch(at + line, _MM_HINT_T1);
}

/** The one place where a block's integer sum becomes part of the result. */
static inline Floats addBlock(Floats total, Ints product, Floats weightScales, float rowScale) {
  return fma(toFloats(product) * weightScales, all(rowScale), total);
}

#if defined(__AVX512VNNI__)
/** R rows times one panel by VNNI: weights as unsigned bytes (w + 128). */
template <int R>
static void multiplyRows(const RoundedRows& x, int64_t row, const PackedMatrix& w, int64_t panel, Floats* out) {
  Floats total[R] = {};
  const __m512i flip = _mm512_set1_epi8((char)0x80);
  for (int64_t block = 0; block < w.blocks; block++) {
    const int8_t* tile = w.tile(panel, block);
    for (int64_t line = 0; line < tileBytes; line += 64) _mm_prefetch((const char*)tile + line + 4096, _MM_HINT_T0);
    __m512i high[R], low[R];
    const int32_t *highs[R], *lows[R];
    for (int r = 0; r < R; r++) {
      high[r] = low[r] = _mm512_setzero_si512();
      highs[r] = (const int32_t*)(x.high + x.offset(row + r, block));
      lows[r] = (const int32_t*)(x.low + x.offset(row + r, block));
    }
#pragma GCC unroll 16
    for (int k = 0; k < blockK / 4; k++) {
      const __m512i weights = _mm512_xor_si512(_mm512_load_si512(tile + k * 64), flip);
      for (int r = 0; r < R; r++) {
        high[r] = _mm512_dpbusd_epi32(high[r], weights, _mm512_set1_epi32(highs[r][k]));
        low[r] = _mm512_dpbusd_epi32(low[r], weights, _mm512_set1_epi32(lows[r][k]));
      }
    }
    const Floats scales = w.scales(panel, block);
    for (int r = 0; r < R; r++) {
      const int64_t at = (row + r) * x.blocks + block;
      const Ints product = ((Ints)high[r] << 7) + (Ints)low[r] - x.excess[at];
      total[r] = addBlock(total[r], product, scales, x.scale[at]);
    }
  }
  for (int r = 0; r < R; r++) out[r] = total[r];
}
#else
/** R rows times one panel by 16-bit products. */
template <int R>
static void multiplyRows(const RoundedRows& x, int64_t row, const PackedMatrix& w, int64_t panel, Floats* out) {
  for (int r = 0; r < R; r++) {
    Floats total = {};
    for (int64_t block = 0; block < w.blocks; block++) {
      const int8_t* tile = w.tile(panel, block);
      const int64_t* quads = (const int64_t*)(x.whole + x.offset(row + r, block));
      __m256i sums[4] = {};
      for (int k = 0; k < blockK / 4; k++) {
        const __m256i four = _mm256_set1_epi64x(quads[k]);
        for (int i = 0; i < 4; i++) {
          const __m256i weights = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(tile + k * 64 + i * 16)));
          sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(weights, four));
        }
      }
      const auto pairs = [&](int i) {
        return _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[i], sums[i + 1]), 0xd8);
      };
      Ints product;
      _mm256_storeu_si256((__m256i*)&product, pairs(0));
      _mm256_storeu_si256((__m256i*)&product + 1, pairs(2));
      const int64_t at = (row + r) * x.blocks + block;
      total = addBlock(total, product, w.scales(panel, block), x.scale[at]);
    }
    out[r] = total;
  }
}
#endif

#if defined(__AMX_INT8__)
/** Blocks whose tiles are under way while an earlier one is added up: a stored tile can't be read at once. */
constexpr int64_t tilesAhead = 2;

// The compilers want tile registers as digits. Even and odd blocks take different ones, so that they overlap.
#define MULTIPLY_BLOCK(HIGH, LOW, WEIGHTS) \
  _tile_zero(HIGH);                        \
  _tile_zero(LOW);                         \
  _tile_loadd(WEIGHTS, w.tile(panel, step), 64); \
  _tile_loadd(6, x.high + at, 64);         \
  _tile_dpbssd(HIGH, 6, WEIGHTS);          \
  _tile_loadd(7, x.low + at, 64);          \
  _tile_dpbssd(LOW, 7, WEIGHTS);           \
  _tile_stored(HIGH, high[ring], 64);      \
  _tile_stored(LOW, low[ring], 64)

/** A tile of 16 rows times one panel by AMX. */
static void multiplyTile(const RoundedRows& x, int64_t row, const PackedMatrix& w, int64_t panel, int64_t share,
                         int64_t shares, int64_t panels, Floats* total) {
  alignas(64) Ints high[4][tileM], low[4][tileM];
  for (int64_t r = 0; r < tileM; r++) total[r] = Floats{};
  for (int64_t step = 0; step < w.blocks + tilesAhead; step++) {
    if (step < w.blocks) {
      const int64_t at = x.offset(row, step);
      const int64_t ring = step & 3;
      if (step & 1) {
        MULTIPLY_BLOCK(0, 1, 4);
      } else {
        MULTIPLY_BLOCK(2, 3, 5);
      }
      if (step % shares == share && panel + 1 < panels) prefetchTile(w, panel + 1, step);
    }
    const int64_t block = step - tilesAhead;
    if (block < 0) continue;
    const Floats scales = w.scales(panel, block);
    const float* rowScales = x.scale + row * x.blocks + block;
#pragma GCC unroll 16
    for (int64_t r = 0; r < tileM; r++) {
      const Ints product = (high[block & 3][r] << 7) + low[block & 3][r];
      total[r] = addBlock(total[r], product, scales, rowScales[r * x.blocks]);
    }
  }
}
#endif
