// The part of ONNX Runtime's C ABI that an operator library needs. Positions in the function table never change
// (onnxruntime_c_api.h, "OrtApi" and "OrtCustomOp"); the struct is that of version 12.
#pragma once
#include <cstddef>
#include <cstdint>

constexpr uint32_t customOpVersion = 12;

struct OrtStatus;
struct OrtValue;
struct OrtKernelInfo;
struct OrtKernelContext;
struct OrtTensorTypeAndShapeInfo;
struct OrtSessionOptions;
struct OrtCustomOpDomain;

struct OrtApiBase {
  const void* const* (*getApi)(uint32_t version);
  const char* (*getVersionString)();
};

struct OrtCustomOp {
  uint32_t version;
  void* (*createKernel)(const OrtCustomOp*, const void* api, const OrtKernelInfo*);
  const char* (*getName)(const OrtCustomOp*);
  const char* (*getExecutionProviderType)(const OrtCustomOp*);
  int (*getInputType)(const OrtCustomOp*, size_t);
  size_t (*getInputTypeCount)(const OrtCustomOp*);
  int (*getOutputType)(const OrtCustomOp*, size_t);
  size_t (*getOutputTypeCount)(const OrtCustomOp*);
  void (*kernelCompute)(void* kernel, OrtKernelContext*);
  void (*kernelDestroy)(void* kernel);
  int (*getInputCharacteristic)(const OrtCustomOp*, size_t);
  int (*getOutputCharacteristic)(const OrtCustomOp*, size_t);
  int (*getInputMemoryType)(const OrtCustomOp*, size_t);
};

/** `elementAny`: whatever the graph gives. */
enum ElementType { elementAny = 0, elementFloat = 1, elementUint8 = 2, elementInt8 = 3, elementInt32 = 6, elementInt64 = 7 };

namespace ort {
extern const void* const* table;

template <class Function>
static inline Function at(int position) {
  return reinterpret_cast<Function>(const_cast<void*>(table[position]));
}

using Call = OrtStatus*;
inline Call createDomain(const char* name, OrtCustomOpDomain** out) {
  return at<Call (*)(const char*, OrtCustomOpDomain**)>(26)(name, out);
}
inline Call addOperator(OrtCustomOpDomain* domain, const OrtCustomOp* op) {
  return at<Call (*)(OrtCustomOpDomain*, const OrtCustomOp*)>(27)(domain, op);
}
inline Call addDomain(OrtSessionOptions* options, OrtCustomOpDomain* domain) {
  return at<Call (*)(OrtSessionOptions*, OrtCustomOpDomain*)>(28)(options, domain);
}
inline void* data(const OrtValue* value) {
  void* out = nullptr;
  at<Call (*)(const OrtValue*, void**)>(51)(value, &out);
  return out;
}
inline float realAttribute(const OrtKernelInfo* info, const char* name) {
  float out = 0;
  at<Call (*)(const OrtKernelInfo*, const char*, float*)>(85)(info, name, &out);
  return out;
}
inline int64_t integerAttribute(const OrtKernelInfo* info, const char* name) {
  int64_t out = 0;
  at<Call (*)(const OrtKernelInfo*, const char*, int64_t*)>(86)(info, name, &out);
  return out;
}
/** Null where an optional input is left out. */
inline const OrtValue* input(const OrtKernelContext* context, size_t index) {
  const OrtValue* out = nullptr;
  at<Call (*)(const OrtKernelContext*, size_t, const OrtValue**)>(90)(context, index, &out);
  return out;
}
inline OrtValue* output(OrtKernelContext* context, size_t index, const int64_t* shape, size_t rank) {
  OrtValue* out = nullptr;
  at<Call (*)(OrtKernelContext*, size_t, const int64_t*, size_t, OrtValue**)>(91)(context, index, shape, rank, &out);
  return out;
}
/** Runs fn(state, 0 … count−1) on ONNX Runtime's own threads; returns when all are done. */
inline void parallel(const OrtKernelContext* context, void (*fn)(void*, size_t), size_t count, void* state) {
  if (count == 1) return fn(state, 0);
  at<Call (*)(const OrtKernelContext*, void (*)(void*, size_t), size_t, size_t, void*)>(274)(context, fn, count, 0, state);
}

/** A tensor's dimensions. */
struct Shape {
  int64_t dims[8];
  size_t rank = 0;
  int64_t elements() const {
    int64_t product = 1;
    for (size_t i = 0; i < rank; i++) product *= dims[i];
    return product;
  }
};
inline Shape shape(const OrtValue* value) {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Shape out;
  at<Call (*)(const OrtValue*, OrtTensorTypeAndShapeInfo**)>(65)(value, &info);
  at<Call (*)(const OrtTensorTypeAndShapeInfo*, size_t*)>(61)(info, &out.rank);
  at<Call (*)(const OrtTensorTypeAndShapeInfo*, int64_t*, size_t)>(62)(info, out.dims, out.rank);
  at<void (*)(OrtTensorTypeAndShapeInfo*)>(99)(info);
  return out;
}
}  // namespace ort
