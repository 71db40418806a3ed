// Memory that operators keep between calls.
#pragma once
#include "block-linear.h"
#include "operator-library.h"
#include <vector>

/** Memory that grows to what was asked for most and is used again by the same thread. */
template <int use>
static void* scratch(int64_t bytes) {
  static thread_local std::vector<char> memory;
  if ((int64_t)memory.size() < bytes + 64) memory.resize(bytes + 64);
  return (void*)roundUp((int64_t)memory.data(), 64);
}
