// What every library of operators needs beside its operators: ONNX Runtime's table of functions for each, its registration,
// its threads. An operator is a struct with `name()`, the element types of its `inputs` and `outputs`, how many inputs are
// `required`, a constructor from OrtKernelInfo and `compute(context)`.
#pragma once
#include "ort-abi.h"
#if defined(__AMX_TILE__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ort {
const void* const* table = nullptr;
}

/** Calls work(index) for 0 … count−1 on ONNX Runtime's threads. */
template <class Work>
static void parallel(const OrtKernelContext* context, int64_t count, const Work& work) {
  ort::parallel(context, [](void* state, size_t index) { (*(const Work*)state)((int64_t)index); }, (size_t)count,
                (void*)&work);
}

#if defined(__AMX_TILE__)
/** Tile shapes: all of 16 rows of 64 bytes. Each thread sets its own. */
static void configureTiles() {
  struct alignas(64) {
    uint8_t palette = 1, startRow = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } shape;
  _tile_loadconfig(&shape);
}

/** Tiles are configured while it lives. */
struct Tiles {
  explicit Tiles(void (*configure)()) { configure(); }
  ~Tiles() { _tile_release(); }
};
#endif

/** The table of an operator. */
template <class Kernel>
static const OrtCustomOp* operatorOf() {
  static const OrtCustomOp op = [] {
    OrtCustomOp table = {};
    table.version = customOpVersion;
    table.createKernel = [](const OrtCustomOp*, const void*, const OrtKernelInfo* info) -> void* {
      return new Kernel(info);
    };
    table.getName = [](const OrtCustomOp*) { return Kernel::name(); };
    table.getExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };
    table.getInputType = [](const OrtCustomOp*, size_t index) { return Kernel::inputs[index]; };
    table.getInputTypeCount = [](const OrtCustomOp*) { return sizeof Kernel::inputs / sizeof(int); };
    table.getOutputType = [](const OrtCustomOp*, size_t index) { return Kernel::outputs[index]; };
    table.getOutputTypeCount = [](const OrtCustomOp*) { return sizeof Kernel::outputs / sizeof(int); };
    table.kernelCompute = [](void* kernel, OrtKernelContext* context) { ((Kernel*)kernel)->compute(context); };
    table.kernelDestroy = [](void* kernel) { delete (Kernel*)kernel; };
    table.getInputCharacteristic = [](const OrtCustomOp*, size_t index) { return index < Kernel::required ? 0 : 1; };
    table.getOutputCharacteristic = [](const OrtCustomOp*, size_t) { return 0; };
    table.getInputMemoryType = [](const OrtCustomOp*, size_t) { return 0; };
    return table;
  }();
  return &op;
}

/** Gives a session the operators under a domain's name; the tables are made once for the process. */
template <class... Kernels>
static OrtStatus* registerOperators(const char* domainName, OrtSessionOptions* options, const OrtApiBase* base) {
  constexpr uint32_t apiVersion = 18;
  ort::table = base->getApi(apiVersion);
  static OrtCustomOpDomain* domain = nullptr;
  if (domain == nullptr) {
    if (OrtStatus* failed = ort::createDomain(domainName, &domain)) return failed;
    for (const OrtCustomOp* op : {operatorOf<Kernels>()...}) {
      if (OrtStatus* failed = ort::addOperator(domain, op)) return failed;
    }
  }
  return ort::addDomain(options, domain);
}

#define EXPORTED extern "C" __attribute__((visibility("default")))

/** Asks the system for AMX's tiles where the library was built for them; 0 when its operators may run. */
EXPORTED int prepareKernels() {
#if defined(__AMX_TILE__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0 ? 0 : 1;
#else
  return 0;
#endif
}
