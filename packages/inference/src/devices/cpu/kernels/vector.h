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
static inline Floats toFloats(Bytes16 v) { return __builtin_convertvector(__builtin_convertvector(v, Ints), Floats); }

/** To the nearest integer, halves to even, for |x| < 2²². */
static inline Ints nearest(Floats x) {
  const Floats magic = all(12582912.0f); // 1.5 · 2²³: the sum's last bits are the integer
  return bits(x + magic) - bits(magic);
}

static inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
static inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

/** Sum of the lanes, always in the same order. */
static inline float sum(Floats v) {
  const float* x = (const float*)&v;
  float quarter[4];
  for (int i = 0; i < 4; i++) quarter[i] = (x[i] + x[i + 8]) + (x[i + 4] + x[i + 12]);
  return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}
static inline int32_t sum(Ints v) {
  int32_t total = 0;
  for (int i = 0; i < lanes; i++) total += v[i];
  return total;
}
static inline float largest(Floats v) {
  float most = v[0];
  for (int i = 1; i < lanes; i++) most = v[i] > most ? v[i] : most;
  return most;
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
