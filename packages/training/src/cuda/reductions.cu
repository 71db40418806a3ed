// What the kernels made from a training graph share: sums, maxima and places of maxima over a warp or a whole block.
#define INFINITE __int_as_float(0x7f800000)

__device__ __forceinline__ float plus(float a, float b) { return a + b; }

#define OVER_WARP(NAME, COMBINE)                                                                   \
  __device__ __forceinline__ float NAME(float x) {                                                 \
    for (int offset = 16; offset > 0; offset >>= 1) x = COMBINE(x, __shfl_xor_sync(0xffffffffu, x, offset)); \
    return x;                                                                                      \
  }
OVER_WARP(warpSum, plus)
OVER_WARP(warpMax, fmaxf)

// All threads get the result. Called by whole blocks of at most 1,024 threads.
#define OVER_BLOCK(NAME, WARP, NOTHING)                          \
  __device__ __forceinline__ float NAME(float x) {               \
    __shared__ float parts[32];                                  \
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;  \
    x = WARP(x);                                                 \
    __syncthreads();                                             \
    if (lane == 0) parts[warp] = x;                              \
    __syncthreads();                                             \
    return WARP(lane < (int)(blockDim.x >> 5) ? parts[lane] : NOTHING); \
  }
OVER_BLOCK(blockSum, warpSum, 0.0f)
OVER_BLOCK(blockMax, warpMax, -INFINITE)

// The first place of the largest value.
__device__ __forceinline__ void better(float& value, int& place, float otherValue, int otherPlace) {
  if (otherValue > value || (otherValue == value && otherPlace < place)) {
    value = otherValue;
    place = otherPlace;
  }
}
__device__ __forceinline__ int warpPlace(float value, int place) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    const float otherValue = __shfl_xor_sync(0xffffffffu, value, offset);
    const int otherPlace = __shfl_xor_sync(0xffffffffu, place, offset);
    better(value, place, otherValue, otherPlace);
  }
  return place;
}
__device__ __forceinline__ int blockPlace(float value, int place) {
  __shared__ float values[32];
  __shared__ int places[32];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  for (int offset = 16; offset > 0; offset >>= 1) {
    const float otherValue = __shfl_xor_sync(0xffffffffu, value, offset);
    const int otherPlace = __shfl_xor_sync(0xffffffffu, place, offset);
    better(value, place, otherValue, otherPlace);
  }
  if (lane == 0) {
    values[warp] = value;
    places[warp] = place;
  }
  __syncthreads();
  const bool there = lane < (int)(blockDim.x >> 5);
  return warpPlace(there ? values[lane] : -INFINITE, there ? places[lane] : 0x7fffffff);
}
