// Operators of the domain "parapet" for ONNX Runtime, compiled where they run (kernel-library.ts).
#include "block-linear-op.h"
#include "cached-attention-op.h"
#include "largest-index-op.h"
#if defined(__AMX_INT8__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ort {
const void* const* table = nullptr;
}

namespace {

/** ONNX Runtime's table of functions for an operator that is a struct as above. */
template <class Kernel>
const OrtCustomOp* operatorOf() {
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

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

/** Asks the system for what the kernels need; 0 when they may run. */
EXPORTED int prepareKernels() {
#if defined(__AMX_INT8__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0 ? 0 : 1;
#else
  return 0;
#endif
}

/** What ONNX Runtime calls when the library is registered with a session. */
EXPORTED OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  constexpr uint32_t apiVersion = 18;
  ort::table = base->getApi(apiVersion);
  static OrtCustomOpDomain* domain = nullptr;
  if (domain == nullptr) {
    if (OrtStatus* failed = ort::createDomain("parapet", &domain)) return failed;
    for (const OrtCustomOp* op : {operatorOf<BlockLinear>(), operatorOf<CachedAttention>(), operatorOf<LargestIndex>()}) {
      if (OrtStatus* failed = ort::addOperator(domain, op)) return failed;
    }
  }
  return ort::addDomain(options, domain);
}
