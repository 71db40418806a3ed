// Operators of the domain "parapet.training" for ONNX Runtime, compiled where they run (kernel-library.ts).
#include "frozen-product.h"
#include "gated-product.h"
#include "operator-library.h"
#include <initializer_list>

namespace {

/** FrozenProduct: x [.., K], W [K, N] (or [N, K] with transB) → [.., N]. */
struct FrozenProduct {
  static const char* name() { return "FrozenProduct"; }
  static constexpr int inputs[] = {elementFloat, elementFloat};
  static constexpr size_t required = 2;
  static constexpr int outputs[] = {elementFloat};

  const bool transposed;
  explicit FrozenProduct(const OrtKernelInfo* info) : transposed(ort::integerAttribute(info, "transB") != 0) {}

  void compute(OrtKernelContext* context) const {
    const OrtValue *x = ort::input(context, 0), *w = ort::input(context, 1);
    ort::Shape shape = ort::shape(x);
    const ort::Shape weights = ort::shape(w);
    const int64_t K = shape.dims[shape.rank - 1], N = weights.dims[transposed ? 0 : 1];
    const int64_t M = K == 0 ? 0 : shape.elements() / K;
    shape.dims[shape.rank - 1] = N;
    float* y = (float*)ort::data(ort::output(context, 0, shape.dims, shape.rank));
    if (M == 0) return;
    Product product{(const float*)ort::data(x), (const float*)ort::data(w), y, M, K, N, transposed, nullptr, nullptr};
    static thread_local Scratch xScratch, wScratch; // of the thread that calls, kept between calls
    product.xTiles = (uint16_t*)xScratch.take(product.xBytes());
    product.wTiles = (uint16_t*)wScratch.take(product.wBytes());
    const int64_t rowTiles = product.rowTiles(), outputTiles = product.outputTiles();
    const int64_t rowParts = up(rowTiles, tilesAtOnce), outputParts = up(outputTiles, tilesAtOnce);
    parallel(context, rowParts + outputParts, [&](int64_t part) {
      const bool rows = part < rowParts;
      const int64_t first = (rows ? part : part - rowParts) * tilesAtOnce, all = rows ? rowTiles : outputTiles;
      for (int64_t tile = first; tile < all && tile < first + tilesAtOnce; tile++) {
        rows ? product.splitRows(tile) : product.splitOutputs(tile);
      }
    });
    parallel(context, product.tasks(), [&](int64_t task) {
      const Tiles tiles(configureTiles);
      product.run(task);
    });
  }

  static constexpr int64_t tilesAtOnce = 8;
};

/** Numbers that one task of an elementwise operator takes. */
constexpr int64_t numbersAtOnce = 16384;

/** SwiGlu: gate, up → silu(gate) · up, all of one shape. */
struct SwiGlu {
  static const char* name() { return "SwiGlu"; }
  static constexpr int inputs[] = {elementFloat, elementFloat};
  static constexpr size_t required = 2;
  static constexpr int outputs[] = {elementFloat};

  explicit SwiGlu(const OrtKernelInfo*) {}

  void compute(OrtKernelContext* context) const {
    const ort::Shape shape = ort::shape(ort::input(context, 0));
    const float *gate = (const float*)ort::data(ort::input(context, 0));
    const float* factor = (const float*)ort::data(ort::input(context, 1));
    float* y = (float*)ort::data(ort::output(context, 0, shape.dims, shape.rank));
    const int64_t count = shape.elements();
    parallel(context, up(count, numbersAtOnce), [&](int64_t task) {
      gatedProduct(gate, factor, y, task * numbersAtOnce, count < (task + 1) * numbersAtOnce ? count : (task + 1) * numbersAtOnce);
    });
  }
};

/** SwiGluGradient: gate, up, dy → dgate, dup. */
struct SwiGluGradient {
  static const char* name() { return "SwiGluGradient"; }
  static constexpr int inputs[] = {elementFloat, elementFloat, elementFloat};
  static constexpr size_t required = 3;
  static constexpr int outputs[] = {elementFloat, elementFloat};

  explicit SwiGluGradient(const OrtKernelInfo*) {}

  void compute(OrtKernelContext* context) const {
    const ort::Shape shape = ort::shape(ort::input(context, 0));
    const float* in[3];
    for (size_t i = 0; i < 3; i++) in[i] = (const float*)ort::data(ort::input(context, i));
    float* out[2];
    for (size_t i = 0; i < 2; i++) out[i] = (float*)ort::data(ort::output(context, i, shape.dims, shape.rank));
    const int64_t count = shape.elements();
    parallel(context, up(count, numbersAtOnce), [&](int64_t task) {
      const int64_t end = count < (task + 1) * numbersAtOnce ? count : (task + 1) * numbersAtOnce;
      gatedGradient(in[0], in[1], in[2], out[0], out[1], task * numbersAtOnce, end);
    });
  }
};

}  // namespace

/** What ONNX Runtime calls when the library is registered with a session. */
EXPORTED OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  return registerOperators<FrozenProduct, SwiGlu, SwiGluGradient>("parapet.training", options, base);
}
