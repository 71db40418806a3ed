// Runs CUDA kernels on the host, for tests on machines without a card: every thread of a block is a fibre, blocks run
// one after another. Only what our kernels use is here. Included before a kernel file; slow, and meant to be.
#pragma once
#include <immintrin.h>
#include <ucontext.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#define HOST_EMULATION 1
#define __device__
#define __forceinline__ inline
#define __global__
#define __shared__ static

struct uint4 { unsigned x, y, z, w; };
struct Dim3 { unsigned x, y, z; };
static Dim3 blockIdx, blockDim, gridDim;

namespace host {
const int maxThreads = 1024;
const int stackBytes = 64 << 10;
static ucontext_t scheduler;
static ucontext_t fibres[maxThreads];
static char* stacks = nullptr;
// What a fibre waits for: nothing, its warp, the whole block; or it has ended.
enum State { ready, atWarp, atBlock, ended };
static State states[maxThreads];
static int current;
static unsigned exchange[maxThreads];
static void (*body)(void**);
static void** arguments;
static void wait(State state) {
  states[current] = state;
  swapcontext(&fibres[current], &scheduler);
}
static void entry() {
  body(arguments);
  wait(ended);
}
struct ThreadIndex {
  struct X { operator int() const { return current; } } x;
};

// Lets those go on of whom all (but the ended) have come to the same barrier.
static bool release(int from, int to, State barrier) {
  for (int i = from; i < to; i++)
    if (states[i] != barrier && states[i] != ended) return false;
  bool any = false;
  for (int i = from; i < to; i++) {
    if (states[i] == ended) continue;
    states[i] = ready;
    any = true;
  }
  return any;
}

static void runBlock() {
  const int threads = blockDim.x;
  if (stacks == nullptr) stacks = (char*)malloc((size_t)maxThreads * stackBytes);
  for (int i = 0; i < threads; i++) {
    getcontext(&fibres[i]);
    fibres[i].uc_stack.ss_sp = stacks + (size_t)i * stackBytes;
    fibres[i].uc_stack.ss_size = stackBytes;
    fibres[i].uc_link = nullptr;
    makecontext(&fibres[i], entry, 0);
    states[i] = ready;
  }
  for (bool moved = true; moved;) {
    for (int i = 0; i < threads; i++) {
      if (states[i] != ready) continue;
      current = i;
      swapcontext(&scheduler, &fibres[i]);
    }
    moved = release(0, threads, atBlock);
    for (int warp = 0; warp < threads && !moved; warp += 32) {
      if (release(warp, warp + 32 < threads ? warp + 32 : threads, atWarp)) moved = true;
    }
  }
  for (int i = 0; i < threads; i++) {
    if (states[i] == ended) continue;
    fprintf(stderr, "thread %d waits for ever at a barrier\n", i);
    abort();
  }
}

template <class... A, size_t... I>
void invoke(void (*kernel)(A...), void** values, std::index_sequence<I...>) {
  kernel(*(A*)values[I]...);
}
template <class... A>
void call(void (*kernel)(A...), void** values) {
  invoke(kernel, values, std::index_sequence_for<A...>{});
}

static void run(void (*one)(void**), const unsigned* grid, unsigned threads, void** values) {
  body = one;
  arguments = values;
  gridDim = {grid[0], grid[1], grid[2]};
  blockDim = {threads, 1, 1};
  for (unsigned z = 0; z < grid[2]; z++)
    for (unsigned y = 0; y < grid[1]; y++)
      for (unsigned x = 0; x < grid[0]; x++) {
        blockIdx = {x, y, z};
        runBlock();
      }
}
}  // namespace host
static host::ThreadIndex threadIdx;

static void __syncthreads() { host::wait(host::atBlock); }

// A value of another lane: all lanes write, meet, read, meet.
template <class V>
static V host_shuffle(V value, int lane) {
  static_assert(sizeof(V) == 4, "shuffles move 4 bytes");
  memcpy(&host::exchange[host::current], &value, 4);
  host::wait(host::atWarp);
  V other = value;
  memcpy(&other, &host::exchange[(host::current & ~31) + (lane & 31)], 4);
  host::wait(host::atWarp);
  return other;
}
template <class V> static V __shfl_xor_sync(unsigned, V value, int mask) { return host_shuffle(value, (host::current & 31) ^ mask); }
template <class V> static V __shfl_up_sync(unsigned, V value, int by) {
  const int lane = host::current & 31;
  return host_shuffle(value, lane >= by ? lane - by : lane);
}

static float __int_as_float(int bits) { float x; memcpy(&x, &bits, 4); return x; }
static unsigned __float_as_uint(float x) { unsigned bits; memcpy(&bits, &x, 4); return bits; }
static float atomicAdd(float* to, float x) { const float before = *to; *to += x; return before; }
static float rsqrtf(float x) { return 1.0f / sqrtf(x); }
#define __expf expf

#ifdef HALF
static float toFloat(unsigned short x) { return _cvtsh_ss(x); }
static unsigned short fromFloat(float x) { return _cvtss_sh(x, 0); }
#else
static float toFloat(float x) { return x; }
static float fromFloat(float x) { return x; }
#endif

// C[m, n] = alpha * A[m, k] (or A[k, m] transposed) . B[k, n] (or B[n, k] transposed), row-major, pitches in elements; kind 0 float32, 1 half.
static float host_read(const void* at, long long i, int kind) { return kind ? _cvtsh_ss(((const unsigned short*)at)[i]) : ((const float*)at)[i]; }
extern "C" void hostGemm(int m, int n, int k, float alpha, const void* a, long long pitchA, const void* b, long long pitchB,
                         int transposedA, int transposed, int kind, void* c, long long pitchC, int kindC) {
  float* row = (float*)malloc(sizeof(float) * n);
  for (int i = 0; i < m; i++) {
    memset(row, 0, sizeof(float) * n);
    for (int j = 0; j < n && transposed; j++)
      for (int l = 0; l < k; l++) row[j] += host_read(a, transposedA ? l * pitchA + i : i * pitchA + l, kind) * host_read(b, j * pitchB + l, kind);
    for (int l = 0; l < k && !transposed; l++) {
      const float x = host_read(a, transposedA ? l * pitchA + i : i * pitchA + l, kind);
      for (int j = 0; j < n; j++) row[j] += x * host_read(b, l * pitchB + j, kind);
    }
    for (int j = 0; j < n; j++) {
      if (kindC) ((unsigned short*)c)[i * pitchC + j] = _cvtss_sh(alpha * row[j], 0);
      else ((float*)c)[i * pitchC + j] = alpha * row[j];
    }
  }
  free(row);
}
