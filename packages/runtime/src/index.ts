export { Binding } from './binding.ts';
export { type ElementType, type ElementView, elementTypes } from './element-type.ts';
export { OrtError } from './library.ts';
export { FileMemory, HostMemory, type Memory } from './memory.ts';
export { OperatorLibrary } from './operators/operator-library.ts';
export { type ModelSource, Runtime, type SharedThreads } from './runtime.ts';
export { Session } from './session.ts';
export { type ExecutionProvider, type SessionOptions, SharedWeights } from './session-options.ts';
export { elementCount, Tensor } from './tensor.ts';
