// Operators of the domain "parapet" for ONNX Runtime, compiled where they run (kernel-library.ts).
#include "block-linear-op.h"
#include "cached-attention-op.h"
#include "largest-index-op.h"
#include "low-rank-op.h"

/** What ONNX Runtime calls when the library is registered with a session. */
EXPORTED OrtStatus* RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  return registerOperators<BlockLinear, CachedAttention, LargestIndex, LowRankUpdate, Gated>("parapet", options, base);
}
