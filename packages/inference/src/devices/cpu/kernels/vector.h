// Sixteen numbers at a time, on whatever registers the compiler was told of.
#pragma once
#include <cstdint>
#include <cstring>
#include <immintrin.h>

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef int8_t Bytes16 __attribute__((vector_size(16)));
typedef uint16_t Halves16 __attribute__((vector_size(32)));

constexpr int64_t lanes = 16;

template <class V>
static inline V load(const void* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
template <class V>
static inline void store(void* to, V v) {
  std::memcpy(to, &v, sizeof v);
}

static inline Floats all(float x) { return Floats{} + x; }
static inline Ints bits(Floats v) { return (Ints)v; }

/** a · b + c, rounded once. */
static inline Floats fma(Floats a, Floats b, Floats c) {
#ifdef __AVX512F__
  return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
  Floats out;
  for (int half = 0; half < 2; half++) {
    const auto part = [half](const Floats& v) { return load<__m256>((const float*)&v + 8 * half); };
    store((float*)&out + 8 * half, _mm256_fmadd_ps(part(a), part(b), part(c)));
  }
  return out;
#endif
}

static inline Floats toFloats(Ints v) { return __builtin_convertvector(v, Floats); }
/** Sixteen bytes from memory; the compilers' own conversion takes them one by one. */
static inline Floats bytesAsFloats(const int8_t* from) {
  const __m128i bytes = _mm_loadu_si128((const __m128i*)from);
#ifdef __AVX512F__
  return toFloats((Ints)_mm512_cvtepi8_epi32(bytes));
#else
  Ints wide;
  _mm256_storeu_si256((__m256i*)&wide, _mm256_cvtepi8_epi32(bytes));
  _mm256_storeu_si256((__m256i*)&wide + 1, _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(bytes, bytes)));
  return toFloats(wide);
#endif
}

/** To the nearest integer, halves to even, for |x| < 2²². */
static inline Ints nearest(Floats x) {
  const Floats magic = all(12582912.0f); // 1.5 · 2²³: the sum's last bits are the integer
  return bits(x + magic) - bits(magic);
}

static inline Floats fromBfloat16(Halves16 bits) { return (Floats)(__builtin_convertvector(bits, Ints) << 16); }
/** To the nearest bfloat16, halves to even, and back; NaN stays NaN. */
static inline Floats throughBfloat16(Floats x) {
  const Ints raw = bits(x);
  const Ints rounded = (raw + 0x7fff + ((raw >> 16) & 1)) & (int32_t)0xffff0000;
  return x == x ? (Floats)rounded : x;
}

static inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
static inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

typedef float Quarter __attribute__((vector_size(16)));

/** The four quarters of the lanes added up, always in the same order. */
static inline Quarter foldSum(Floats v) {
  const auto part = [&v](int i) { return load<Quarter>((const float*)&v + 4 * i); };
  return (part(0) + part(2)) + (part(1) + part(3));
}
static inline Quarter foldLargest(Floats v) {
  const auto part = [&v](int i) { return load<Quarter>((const float*)&v + 4 * i); };
  const auto larger = [](Quarter a, Quarter b) { return a > b ? a : b; };
  return larger(larger(part(0), part(2)), larger(part(1), part(3)));
}
/** Four numbers in every quarter. */
static inline Floats everyQuarter(Quarter q) {
  Floats out;
  for (int i = 0; i < 4; i++) store((float*)&out + 4 * i, q);
  return out;
}

/** Sum of the lanes, always in the same order. */
static inline float sum(Floats v) {
  const Quarter q = foldSum(v);
  return (q[0] + q[2]) + (q[1] + q[3]);
}
static inline int32_t sum(Ints v) {
#ifdef __AVX512F__
  return _mm512_reduce_add_epi32((__m512i)v);
#else
  int32_t total = 0;
  for (int i = 0; i < lanes; i++) total += v[i];
  return total;
#endif
}
static inline int32_t largest(Ints v) {
#ifdef __AVX512F__
  return _mm512_reduce_max_epi32((__m512i)v);
#else
  int32_t most = v[0];
  for (int i = 1; i < lanes; i++) most = v[i] > most ? v[i] : most;
  return most;
#endif
}

/** eˣ within 2 units of the last place; 0 far below, ∞ far above, NaN of NaN. Polynomial: Cephes' expf. */
static inline Floats exponential(Floats x) {
  const Floats held = smaller(larger(x, all(-87.3f)), all(88.7f));
  const Ints n = nearest(held * 1.44269504088896341f);
  const Floats count = toFloats(n);
  Floats r = fma(count, all(-0.693359375f), held);
  r = fma(count, all(2.12194440e-4f), r);
  Floats p = all(1.9875691500e-4f);
  p = fma(p, r, all(1.3981999507e-3f));
  p = fma(p, r, all(8.3334519073e-3f));
  p = fma(p, r, all(4.1665795894e-2f));
  p = fma(p, r, all(1.6666665459e-1f));
  p = fma(p, r, all(5.0000001201e-1f));
  p = fma(p * r, r, r) + 1.0f;
  // 2ⁿ in two factors: n = 128 has no float of its own.
  const Ints half = n >> 1;
  const Floats power = p * (Floats)((half + 127) << 23) * (Floats)((n - half + 127) << 23);
  const Floats bounded = x < -87.3f ? all(0.0f) : x > 88.7f ? all(__builtin_inff()) : power;
  return x == x ? bounded : x;
}
