// What operators share: ONNX Runtime's threads, and memory that they keep.
#pragma once
#include "block-linear.h"
#include "ort-abi.h"
#include <vector>

#if defined(__AMX_INT8__)
/** Tiles are configured while it lives. */
struct Tiles {
  explicit Tiles(void (*configure)()) { configure(); }
  ~Tiles() { _tile_release(); }
};
#endif

/** Memory that grows to what was asked for most and is used again by the same thread. */
template <int use>
static void* scratch(int64_t bytes) {
  static thread_local std::vector<char> memory;
  if ((int64_t)memory.size() < bytes + 64) memory.resize(bytes + 64);
  return (void*)roundUp((int64_t)memory.data(), 64);
}

/** Calls work(index) for 0 … count−1 on ONNX Runtime's threads. */
template <class Work>
static void parallel(const OrtKernelContext* context, int64_t count, const Work& work) {
  ort::parallel(context, [](void* state, size_t index) { (*(const Work*)state)((int64_t)index); }, (size_t)count,
                (void*)&work);
}
