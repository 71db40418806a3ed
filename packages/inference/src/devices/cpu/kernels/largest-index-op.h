// LargestIndex: greedy choice.
#pragma once
#include "scratch.h"

/** LargestIndex: numbers [B, 1, V] → int32 [B, 1], the first of the largest; −1 where there is none that is a number. */
struct LargestIndex {
  static const char* name() { return "LargestIndex"; }
  static constexpr int inputs[] = {elementFloat};
  static constexpr size_t required = 1;
  static constexpr int outputs[] = {elementInt32};

  explicit LargestIndex(const OrtKernelInfo*) {}

  void compute(OrtKernelContext* context) const {
    const ort::Shape shape = ort::shape(ort::input(context, 0));
    const int64_t rows = shape.dims[0], width = shape.elements() / rows;
    const int64_t outShape[] = {rows, 1};
    int32_t* out = (int32_t*)ort::data(ort::output(context, 0, outShape, 2));
    const float* numbers = (const float*)ort::data(ort::input(context, 0));
    parallel(context, rows, [&](int64_t row) { out[row] = largestIndex(numbers + row * width, width); });
  }

  static int32_t largestIndex(const float* x, int64_t count) {
    Floats most = all(-__builtin_inff());
    Ints where = Ints{} - 1;
    Ints index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes, index += lanes) {
      const Floats here = load<Floats>(x + i);
      where = here > most ? index : where;
      most = here > most ? here : most;
    }
    float best = -__builtin_inff();
    int32_t at = -1;
    for (int lane = 0; lane < lanes; lane++) {
      const bool first = most[lane] == best && where[lane] < at;
      if (where[lane] >= 0 && (most[lane] > best || first)) {
        best = most[lane];
        at = where[lane];
      }
    }
    for (; i < count; i++) {
      if (x[i] > best) {
        best = x[i];
        at = (int32_t)i;
      }
    }
    return at;
  }
};
