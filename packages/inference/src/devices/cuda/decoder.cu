// The kernels of a Llama-like decoder around the matrix products, for any NVIDIA card: compiled for the model's own
// numbers when a runner starts. T is what weights, activations and the KV cache are kept in; sums are float32.
// Given by the compiler: WIDTH, HEADS, KV_HEADS, HEAD_DIM, FFN, VOCAB, EPSILON, PAGE_TOKENS, MAX_PAGES, ATTEND_WARPS,
// and GELU and HALF where they apply.

#define GROUP (HEADS / KV_HEADS)
#define Q_WIDTH (HEADS * HEAD_DIM)
#define KV_WIDTH (KV_HEADS * HEAD_DIM)
#define QKV_WIDTH (Q_WIDTH + 2 * KV_WIDTH)
#define PAIRS (HEAD_DIM / 2)
// Where a row's scales lie: qkv, o, gate, up, down.
#define SCALE_WIDTH (QKV_WIDTH + WIDTH + 2 * FFN + WIDTH)
#define INFINITE __int_as_float(0x7f800000)

#ifdef HALF
typedef unsigned short T;
#define VECTOR 8
#else
typedef float T;
#define VECTOR 4
#endif
// Lanes that hold one token's head: 16 bytes each.
#define TOKEN_LANES (HEAD_DIM / VECTOR)

#ifndef HOST_EMULATION
#ifdef HALF
__device__ __forceinline__ float toFloat(T x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
  return y;
}
__device__ __forceinline__ T fromFloat(float x) {
  T y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
  return y;
}
#else
__device__ __forceinline__ float toFloat(T x) { return x; }
__device__ __forceinline__ T fromFloat(float x) { return x; }
#endif
#endif

__device__ __forceinline__ void loadVector(const T* from, float* to) {
  uint4 raw = *(const uint4*)from;
  const T* parts = (const T*)&raw;
#pragma unroll
  for (int i = 0; i < VECTOR; i++) to[i] = toFloat(parts[i]);
}

__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset >>= 1) x += __shfl_xor_sync(0xffffffffu, x, offset);
  return x;
}

__device__ __forceinline__ float warpMax(float x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, offset));
  return x;
}

// Sum over the block, known to every thread. Safe to call again at once.
__device__ float blockSum(float x, float* scratch) {
  int warps = blockDim.x >> 5;
  x = warpSum(x);
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
  float sum = 0;
  for (int i = 0; i < warps; i++) sum += scratch[i];
  __syncthreads();
  return sum;
}

__device__ float blockMax(float x, float* scratch) {
  int warps = blockDim.x >> 5;
  x = warpMax(x);
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
  float most = scratch[0];
  for (int i = 1; i < warps; i++) most = fmaxf(most, scratch[i]);
  __syncthreads();
  return most;
}

// What a step is told of a row.
struct Row {
  int token;
  int tokens;   // with this one; 0 = nobody there
  int newPage;  // the page that this token begins, or -1
  float temperature;
  int topK;
  float topP;
  float minP;
  float uniform;
};

// float32 -> T.
extern "C" __global__ void narrow(const float* from, T* to, long long count) {
  long long stride = (long long)gridDim.x * blockDim.x;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) to[i] = fromFloat(from[i]);
}

// hidden [rows, WIDTH] = embed[token]; enters each row's new page in its table. Grid: rows.
extern "C" __global__ void beginStep(const Row* rows, const T* embed, float* hidden, int* pageTables) {
  const Row row = rows[blockIdx.x];
  if (threadIdx.x == 0 && row.newPage >= 0)
    pageTables[(long long)blockIdx.x * MAX_PAGES + (row.tokens - 1) / PAGE_TOKENS] = row.newPage;
  for (int i = threadIdx.x; i < WIDTH; i += blockDim.x)
    hidden[(long long)blockIdx.x * WIDTH + i] = toFloat(embed[(long long)row.token * WIDTH + i]);
}

// The same for a prompt's tokens. Grid: tokens.
extern "C" __global__ void embedPrompt(const int* tokens, const T* embed, float* hidden) {
  for (int i = threadIdx.x; i < WIDTH; i += blockDim.x)
    hidden[(long long)blockIdx.x * WIDTH + i] = toFloat(embed[(long long)tokens[blockIdx.x] * WIDTH + i]);
}

#define NORM_THREADS 192
#define NORM_EACH ((WIDTH + NORM_THREADS - 1) / NORM_THREADS)

// hidden += delta (times scale, where given); normed = RMSNorm(hidden) * gain. delta may be null. Grid: rows; block:
// NORM_THREADS.
extern "C" __global__ void addNorm(float* hidden, const float* delta, const T* scale, int scaleStride, const float* gain,
                                   T* normed) {
  __shared__ float scratch[32];
  const long long at = (long long)blockIdx.x * WIDTH;
  float own[NORM_EACH];
  float squares = 0;
#pragma unroll
  for (int j = 0; j < NORM_EACH; j++) {
    const int i = threadIdx.x + j * NORM_THREADS;
    own[j] = 0;
    if (i >= WIDTH) continue;
    own[j] = hidden[at + i];
    if (delta != 0) {
      const float step = delta[at + i];
      own[j] += scale == 0 ? step : step * toFloat(scale[(long long)blockIdx.x * scaleStride + i]);
      hidden[at + i] = own[j];
    }
    squares += own[j] * own[j];
  }
  const float inverse = rsqrtf(blockSum(squares, scratch) / WIDTH + EPSILON);
#pragma unroll
  for (int j = 0; j < NORM_EACH; j++) {
    const int i = threadIdx.x + j * NORM_THREADS;
    if (i < WIDTH) normed[at + i] = fromFloat(own[j] * inverse * gain[i]);
  }
}

// out [rows, FFN] = act(gate * scaleGate) * up * scaleUp; gate and up are two blocks [rows, FFN]. Grid: (columns, rows).
extern "C" __global__ void gatedUp(const T* gateUp, long long upOffset, const T* scaleGate, const T* scaleUp, int scaleStride,
                                   T* out) {
  const int i = (blockIdx.x * blockDim.x + threadIdx.x) * 2;
  if (i >= FFN) return;
  const long long at = (long long)blockIdx.y * FFN;
  const long long scaleAt = (long long)blockIdx.y * scaleStride;
#pragma unroll
  for (int j = 0; j < 2; j++) {
    float gate = toFloat(gateUp[at + i + j]);
    float up = toFloat(gateUp[upOffset + at + i + j]);
    if (scaleGate != 0) gate *= toFloat(scaleGate[scaleAt + i + j]);
    if (scaleUp != 0) up *= toFloat(scaleUp[scaleAt + i + j]);
#ifdef GELU
    float active = 0.5f * gate * (1.0f + tanhf(0.7978845608f * (gate + 0.044715f * gate * gate * gate)));
#else
    float active = gate / (1.0f + __expf(-gate));
#endif
    out[at + i + j] = fromFloat(active * up);
  }
}

// One number of q or k after scaling and rotation at `position`; `head` points at the head's unrotated numbers.
__device__ __forceinline__ float rotated(const T* head, const T* scale, int i, int position, const float* cosine,
                                         const float* sine) {
  const int pair = i < PAIRS ? i : i - PAIRS;
  float first = toFloat(head[pair]);
  float second = toFloat(head[pair + PAIRS]);
  if (scale != 0) {
    first *= toFloat(scale[pair]);
    second *= toFloat(scale[pair + PAIRS]);
  }
  const float c = cosine[(long long)position * PAIRS + pair];
  const float s = sine[(long long)position * PAIRS + pair];
  return i < PAIRS ? first * c - second * s : second * c + first * s;
}

// Address of a token's head in the cache of a layer: [pages, KV_HEADS, PAGE_TOKENS, HEAD_DIM].
__device__ __forceinline__ long long cacheAt(const int* pages, int head, int position) {
  return (((long long)pages[position / PAGE_TOKENS] * KV_HEADS + head) * PAGE_TOKENS + position % PAGE_TOKENS) * HEAD_DIM;
}

#define PARTIALS (ATTEND_WARPS * (32 / TOKEN_LANES))

// One token a row: scales and rotates q and k, writes k and v to the cache, attends over the row's pages.
// qkv [rows, QKV_WIDTH] -> out [rows, Q_WIDTH]. Grid: (KV_HEADS, rows); block: ATTEND_WARPS warps.
extern "C" __global__ void attend(const Row* rows, const T* qkv, const T* scale, int scaleStride, const float* cosine,
                                  const float* sine, const int* pageTables, T* keys, T* values, T* out) {
  __shared__ float query[GROUP][HEAD_DIM];
  __shared__ float most[PARTIALS][GROUP];
  __shared__ float weight[PARTIALS][GROUP];
  __shared__ float partial[PARTIALS][GROUP][HEAD_DIM];
  const int head = blockIdx.x;
  const int row = blockIdx.y;
  const int tokens = rows[row].tokens;
  T* result = out + (long long)row * Q_WIDTH + head * GROUP * HEAD_DIM;
  if (tokens == 0) {
    for (int i = threadIdx.x; i < GROUP * HEAD_DIM; i += blockDim.x) result[i] = fromFloat(0.0f);
    return;
  }
  const int* pages = pageTables + (long long)row * MAX_PAGES;
  const int position = tokens - 1;
  const T* source = qkv + (long long)row * QKV_WIDTH;
  const T* scales = scale == 0 ? (const T*)0 : scale + (long long)row * scaleStride;
  const float sharpness = rsqrtf((float)HEAD_DIM);
  for (int i = threadIdx.x; i < (GROUP + 2) * HEAD_DIM; i += blockDim.x) {
    const int part = i / HEAD_DIM;
    const int dim = i % HEAD_DIM;
    if (part < GROUP) {
      const int offset = (head * GROUP + part) * HEAD_DIM;
      query[part][dim] = sharpness * rotated(source + offset, scales == 0 ? scales : scales + offset, dim, position, cosine, sine);
    } else if (part == GROUP) {
      const int offset = Q_WIDTH + head * HEAD_DIM;
      keys[cacheAt(pages, head, position) + dim] =
          fromFloat(rotated(source + offset, scales == 0 ? scales : scales + offset, dim, position, cosine, sine));
    } else {
      const int offset = Q_WIDTH + KV_WIDTH + head * HEAD_DIM + dim;
      float v = toFloat(source[offset]);
      if (scales != 0) v *= toFloat(scales[offset]);
      values[cacheAt(pages, head, position) + dim] = fromFloat(v);
    }
  }
  __syncthreads();

  // Each team of TOKEN_LANES lanes takes every PARTIALS-th token with a running softmax of its own.
  const int lane = threadIdx.x % TOKEN_LANES;
  const int team = threadIdx.x / TOKEN_LANES;
  float q[GROUP][VECTOR];
  float sum[GROUP][VECTOR];
  float peak[GROUP];
  float mass[GROUP];
#pragma unroll
  for (int g = 0; g < GROUP; g++) {
    peak[g] = -INFINITE;
    mass[g] = 0;
#pragma unroll
    for (int i = 0; i < VECTOR; i++) {
      q[g][i] = query[g][lane * VECTOR + i];
      sum[g][i] = 0;
    }
  }
  // All lanes go round equally often: the shuffles below need every lane of a warp.
  const int rounds = (tokens + PARTIALS - 1) / PARTIALS;
#pragma unroll 4
  for (int round = 0; round < rounds; round++) {
    const int token = round * PARTIALS + team;
    const bool there = token < tokens;
    const long long at = cacheAt(pages, head, there ? token : 0) + lane * VECTOR;
    float k[VECTOR];
    float v[VECTOR];
    loadVector(keys + at, k);
    loadVector(values + at, v);
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
      float score = 0;
#pragma unroll
      for (int i = 0; i < VECTOR; i++) score += q[g][i] * k[i];
#pragma unroll
      for (int offset = TOKEN_LANES / 2; offset > 0; offset >>= 1) score += __shfl_xor_sync(0xffffffffu, score, offset);
      if (there) {
        const float higher = fmaxf(peak[g], score);
        const float old = __expf(peak[g] - higher);
        const float fresh = __expf(score - higher);
        peak[g] = higher;
        mass[g] = mass[g] * old + fresh;
#pragma unroll
        for (int i = 0; i < VECTOR; i++) sum[g][i] = sum[g][i] * old + fresh * v[i];
      }
    }
  }
#pragma unroll
  for (int g = 0; g < GROUP; g++) {
    if (lane == 0) {
      most[team][g] = peak[g];
      weight[team][g] = mass[g];
    }
#pragma unroll
    for (int i = 0; i < VECTOR; i++) partial[team][g][lane * VECTOR + i] = sum[g][i];
  }
  __syncthreads();
  for (int i = threadIdx.x; i < GROUP * HEAD_DIM; i += blockDim.x) {
    const int g = i / HEAD_DIM;
    const int dim = i % HEAD_DIM;
    float highest = -INFINITE;
    for (int p = 0; p < PARTIALS; p++) highest = fmaxf(highest, most[p][g]);
    float total = 0;
    float value = 0;
    for (int p = 0; p < PARTIALS; p++) {
      if (weight[p][g] == 0.0f) continue;
      const float share = __expf(most[p][g] - highest);
      total += weight[p][g] * share;
      value += partial[p][g][dim] * share;
    }
    result[i] = fromFloat(value / total);
  }
}

// A prompt's q, k, v scaled and rotated: q in place, k and v to the row's pages, and once for each query head to
// spread [tokens, 2, HEADS, HEAD_DIM], so that attention is one batch of products over all heads. Grid: tokens.
extern "C" __global__ void placePrompt(T* qkv, const T* scale, const float* cosine, const float* sine, const int* pages,
                                       T* keys, T* values, T* spread) {
  __shared__ float fresh[QKV_WIDTH];
  const int position = blockIdx.x;
  T* source = qkv + (long long)position * QKV_WIDTH;
  for (int i = threadIdx.x; i < QKV_WIDTH; i += blockDim.x) {
    if (i < Q_WIDTH + KV_WIDTH) {
      const int start = i / HEAD_DIM * HEAD_DIM;
      fresh[i] = rotated(source + start, scale == 0 ? scale : scale + start, i - start, position, cosine, sine);
    } else {
      float v = toFloat(source[i]);
      fresh[i] = scale == 0 ? v : v * toFloat(scale[i]);
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < QKV_WIDTH; i += blockDim.x) {
    const T kept = fromFloat(fresh[i]);
    if (i < Q_WIDTH) {
      source[i] = kept;
      continue;
    }
    const int inKv = (i - Q_WIDTH) % KV_WIDTH;
    const bool isKey = i < Q_WIDTH + KV_WIDTH;
    T* cache = isKey ? keys : values;
    cache[cacheAt(pages, inKv / HEAD_DIM, position) + inKv % HEAD_DIM] = kept;
    T* copies = spread + ((long long)position * 2 + (isKey ? 0 : 1)) * Q_WIDTH + inKv / HEAD_DIM * GROUP * HEAD_DIM + inKv % HEAD_DIM;
    for (int g = 0; g < GROUP; g++) copies[g * HEAD_DIM] = kept;
  }
}

// Causal softmax of scores [HEADS, queries, stride] into probabilities of the same layout, columns keys wide; query j is
// position first + j. Grid: (queries, HEADS).
extern "C" __global__ void causalSoftmax(const float* scores, T* probabilities, int first, int columns, int stride) {
  __shared__ float scratch[32];
  const long long at = ((long long)blockIdx.y * gridDim.x + blockIdx.x) * stride;
  const int seen = first + blockIdx.x + 1;
  float most = -INFINITE;
  for (int i = threadIdx.x; i < seen; i += blockDim.x) most = fmaxf(most, scores[at + i]);
  most = blockMax(most, scratch);
  float sum = 0;
  for (int i = threadIdx.x; i < seen; i += blockDim.x) sum += __expf(scores[at + i] - most);
  const float inverse = 1.0f / blockSum(sum, scratch);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    probabilities[at + i] = fromFloat(i < seen ? __expf(scores[at + i] - most) * inverse : 0.0f);
}

// score of every prompt token for the attention pooler: normed . query. Grid: tokens; block: one warp.
extern "C" __global__ void poolScores(const T* normed, const float* query, float* scores) {
  float sum = 0;
  for (int i = threadIdx.x; i < WIDTH; i += 32) sum += toFloat(normed[(long long)blockIdx.x * WIDTH + i]) * query[i];
  sum = warpSum(sum);
  if (threadIdx.x == 0) scores[blockIdx.x] = sum;
}

#define POOL_MEAN 0
#define POOL_LAST 1
#define POOL_MAX 2
#define POOL_ATTENTION 3
#define POOL_ROWS 8

// pooled [WIDTH] of a prompt's normed [tokens, WIDTH]. Grid: WIDTH / 32, rounded up; block: 32 columns x POOL_ROWS.
extern "C" __global__ void pool(const T* normed, int tokens, int mode, const float* scores, float* pooled) {
  __shared__ float parts[POOL_ROWS][32];
  __shared__ float masses[POOL_ROWS][32];
  const int column = threadIdx.x & 31;
  const int team = threadIdx.x >> 5;
  const int i = blockIdx.x * 32 + column;
  const bool inside = i < WIDTH;
  float most = -INFINITE;
  if (mode == POOL_ATTENTION)
    for (int t = 0; t < tokens; t++) most = fmaxf(most, scores[t]);
  float part = mode == POOL_MAX ? -INFINITE : 0.0f;
  float mass = 0;
#pragma unroll 8
  for (int t = mode == POOL_LAST ? tokens - 1 + team : team; inside && t < tokens; t += POOL_ROWS) {
    const float x = toFloat(normed[(long long)t * WIDTH + i]);
    const float w = mode == POOL_ATTENTION ? __expf(scores[t] - most) : 1.0f;
    part = mode == POOL_MAX ? fmaxf(part, x) : part + w * x;
    mass += w;
  }
  parts[team][column] = part;
  masses[team][column] = mass;
  __syncthreads();
  if (team > 0 || !inside) return;
  for (int other = 1; other < POOL_ROWS; other++) {
    part = mode == POOL_MAX ? fmaxf(part, parts[other][column]) : part + parts[other][column];
    mass += masses[other][column];
  }
  pooled[i] = mode == POOL_MAX ? part : part / mass;
}

#define MAX_RANK 256
#define ACTIVATION_GELU 0
#define ACTIVATION_SILU 1
#define ACTIVATION_RATIONAL 2

// PARA's generator: scales = 1 + strength * (bias + act(pooled . down) . up), as T for the kernels and as float32 to keep.
// With `wide` the adapter's columns are the scales' own; else they are q, v, up. Grid: columns / 128, rounded up.
extern "C" __global__ void makeScales(const float* pooled, const float* down, const float* up, const float* bias,
                                      const float* rational, int rank, int columns, int wide, int activation,
                                      float strength, T* scales, float* kept) {
  __shared__ float inner[MAX_RANK];
  for (int j = threadIdx.x >> 5; j < rank; j += blockDim.x >> 5) {
    float x = 0;
    for (int i = threadIdx.x & 31; i < WIDTH; i += 32) x += pooled[i] * down[(long long)i * rank + j];
    x = warpSum(x);
    if ((threadIdx.x & 31) != 0) continue;
    if (activation == ACTIVATION_GELU) x = 0.5f * x * (1.0f + erff(x * 0.70710678f));
    else if (activation == ACTIVATION_SILU) x = x / (1.0f + __expf(-x));
    else
      x = (rational[0] + x * (rational[1] + x * (rational[2] + x * rational[3]))) /
          (1.0f + fabsf(x * (rational[4] + x * rational[5])));
    inner[j] = x;
  }
  __syncthreads();
  const int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  float delta = bias == 0 ? 0.0f : bias[column];
  for (int j = 0; j < rank; j++) delta += inner[j] * up[(long long)j * columns + column];
  int to = column;
  if (!wide && column >= Q_WIDTH) to = column + KV_WIDTH;                     // k is not scaled
  if (!wide && column >= Q_WIDTH + KV_WIDTH) to = column + KV_WIDTH + WIDTH + FFN;  // neither are o and gate
  scales[to] = fromFloat(1.0f + strength * delta);
  kept[to] = 1.0f + strength * delta;
}

// Scales of one row in every layer, from float32 [layers, SCALE_WIDTH] (null = ones) to a slot. Grid: (columns, layers).
extern "C" __global__ void storeScales(const float* from, T* scales, int slots, int slot) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= SCALE_WIDTH) return;
  scales[((long long)blockIdx.y * slots + slot) * SCALE_WIDTH + i] =
      fromFloat(from == 0 ? 1.0f : from[(long long)blockIdx.y * SCALE_WIDTH + i]);
}

// Scales of one slot to another. Grid: (columns, layers).
extern "C" __global__ void copyScales(T* scales, int slots, int from, int to) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= SCALE_WIDTH) return;
  const long long layer = (long long)blockIdx.y * slots;
  scales[(layer + to) * SCALE_WIDTH + i] = scales[(layer + from) * SCALE_WIDTH + i];
}

// Copies pages between places of the cache: `pairs` are (from, to) page numbers. Grid: (pairs, layers * 2).
extern "C" __global__ void copyPages(const int* pairs, const T* from, T* to, long long fromPages, long long toPages) {
  const long long size = (long long)KV_HEADS * PAGE_TOKENS * HEAD_DIM;
  const T* source = from + (blockIdx.y * fromPages + pairs[blockIdx.x * 2]) * size;
  T* target = to + (blockIdx.y * toPages + pairs[blockIdx.x * 2 + 1]) * size;
  for (long long i = (long long)threadIdx.x * VECTOR; i < size; i += (long long)blockDim.x * VECTOR)
    *(uint4*)(target + i) = *(const uint4*)(source + i);
}

#define SAMPLE_THREADS 1024

// Orders floats as unsigned integers.
__device__ __forceinline__ unsigned ordered(float x) {
  const unsigned bits = __float_as_uint(x);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// Chooses a token a row from logits [rows, VOCAB]: the largest, or a draw at a temperature among those that topK, topP and
// minP leave, in the order of their ids. -1 where no logit is a number. Grid: rows; block: SAMPLE_THREADS.
extern "C" __global__ void sample(const Row* rows, const float* logits, int* chosen) {
  __shared__ float scratch[32];
  __shared__ int ids[32];
  __shared__ float before[SAMPLE_THREADS / 32 + 1];
  __shared__ int found;
  const Row row = rows[blockIdx.x];
  const float* own = logits + (long long)blockIdx.x * VOCAB;
  const int thread = threadIdx.x;
  float most = -INFINITE;
  int at = VOCAB;
  for (int i = thread; i < VOCAB; i += SAMPLE_THREADS) {
    if (own[i] > most) {
      most = own[i];
      at = i;
    }
  }
#pragma unroll
  for (int offset = 16; offset > 0; offset >>= 1) {
    const float otherMost = __shfl_xor_sync(0xffffffffu, most, offset);
    const int otherAt = __shfl_xor_sync(0xffffffffu, at, offset);
    if (otherMost > most || (otherMost == most && otherAt < at)) {
      most = otherMost;
      at = otherAt;
    }
  }
  if ((thread & 31) == 0) {
    scratch[thread >> 5] = most;
    ids[thread >> 5] = at;
  }
  __syncthreads();
  for (int i = 0; i < SAMPLE_THREADS / 32; i++) {
    if (scratch[i] > most || (scratch[i] == most && ids[i] < at)) {
      most = scratch[i];
      at = ids[i];
    }
  }
  __syncthreads();
  if (row.tokens == 0 || at == VOCAB || row.temperature == 0.0f) {
    if (thread == 0) chosen[blockIdx.x] = at == VOCAB || row.tokens == 0 ? -1 : at;
    return;
  }
  const float inverse = 1.0f / row.temperature;
  float sum = 0;
  for (int i = thread; i < VOCAB; i += SAMPLE_THREADS)
    if (own[i] >= -INFINITE) sum += __expf((own[i] - most) * inverse);
  sum = blockSum(sum, scratch);

  // The lowest logit kept, bit by bit: the largest threshold that still holds topP of the mass, and topK tokens.
  unsigned threshold = 0;
  if (row.topP < 1.0f || row.topK > 0) {
    unsigned massCut = 0;
    unsigned countCut = 0;
    for (int bit = 31; bit >= 0; bit--) {
      const unsigned massTry = massCut | (1u << bit);
      const unsigned countTry = countCut | (1u << bit);
      float mass = 0;
      float count = 0;
      for (int i = thread; i < VOCAB; i += SAMPLE_THREADS) {
        if (!(own[i] >= -INFINITE)) continue;
        const unsigned key = ordered(own[i]);
        if (key >= massTry) mass += __expf((own[i] - most) * inverse);
        if (key >= countTry) count += 1.0f;
      }
      mass = blockSum(mass, scratch);
      count = blockSum(count, scratch);
      if (row.topP < 1.0f && mass >= row.topP * sum) massCut = massTry;
      if (row.topK > 0 && count >= (float)row.topK) countCut = countTry;
    }
    threshold = massCut > countCut ? massCut : countCut;
  }

  // Every thread owns a run of ids; the draw falls into one run.
  const int run = (VOCAB + SAMPLE_THREADS - 1) / SAMPLE_THREADS;
  const int first = thread * run;
  const int last = first + run < VOCAB ? first + run : VOCAB;
  float mine = 0;
  for (int i = first; i < last; i++) {
    if (!(own[i] >= -INFINITE) || ordered(own[i]) < threshold) continue;
    const float w = __expf((own[i] - most) * inverse);
    if (w >= row.minP) mine += w;
  }
  float upTo = mine;
#pragma unroll
  for (int offset = 1; offset < 32; offset <<= 1) {
    const float other = __shfl_up_sync(0xffffffffu, upTo, offset);
    if ((thread & 31) >= offset) upTo += other;
  }
  if ((thread & 31) == 31) before[(thread >> 5) + 1] = upTo;
  if (thread == 0) {
    before[0] = 0;
    found = at;
  }
  __syncthreads();
  if (thread == 0)
    for (int i = 1; i <= SAMPLE_THREADS / 32; i++) before[i] += before[i - 1];
  __syncthreads();
  const float target = row.uniform * before[SAMPLE_THREADS / 32];
  float passed = before[thread >> 5] + upTo - mine;
  if (mine > 0 && passed <= target && target < passed + mine) {
    for (int i = first; i < last; i++) {
      if (!(own[i] >= -INFINITE) || ordered(own[i]) < threshold) continue;
      const float w = __expf((own[i] - most) * inverse);
      if (w < row.minP) continue;
      passed += w;
      if (passed > target || i == last - 1) {
        found = i;
        break;
      }
    }
  }
  __syncthreads();
  if (thread == 0) chosen[blockIdx.x] = found;
}
