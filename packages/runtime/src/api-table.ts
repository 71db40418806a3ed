/**
 * The functions of ONNX Runtime's C API that we call: position in the `OrtApi` table and argument kinds.
 * The table is append-only: a position never changes from one release to the next (onnxruntime_c_api.h, "OrtApi").
 * Kinds: p pointer, z size, i 32-bit integer, s UTF-8 string. All return an OrtStatus pointer (null = success) except
 * those of `voidFunctions`.
 */
export const statusFunctions = {
  CreateEnv: [3, 'isp'],
  CreateSession: [7, 'pspp'],
  CreateSessionFromArray: [8, 'ppzpp'],
  Run: [9, 'ppppzpzp'],
  CreateSessionOptions: [10, 'p'],
  SetOptimizedModelFilePath: [11, 'ps'],
  EnableProfiling: [14, 'ps'],
  DisableMemPattern: [17, 'p'],
  DisableCpuMemArena: [19, 'p'],
  SetSessionLogSeverityLevel: [22, 'pi'],
  SetSessionGraphOptimizationLevel: [23, 'pi'],
  SetIntraOpNumThreads: [24, 'pi'],
  SetInterOpNumThreads: [25, 'pi'],
  SessionGetInputCount: [30, 'pp'],
  SessionGetOutputCount: [31, 'pp'],
  SessionGetInputName: [36, 'pzpp'],
  SessionGetOutputName: [37, 'pzpp'],
  CreateRunOptions: [39, 'p'],
  RunOptionsSetTerminate: [46, 'p'],
  RunOptionsUnsetTerminate: [47, 'p'],
  CreateTensorAsOrtValue: [48, 'ppzip'],
  CreateTensorWithDataAsOrtValue: [49, 'ppzpzip'],
  GetTensorMutableData: [51, 'pp'],
  GetTensorElementType: [60, 'pp'],
  GetDimensionsCount: [61, 'pp'],
  GetDimensions: [62, 'ppz'],
  GetTensorTypeAndShape: [65, 'pp'],
  CreateMemoryInfo: [68, 'siiip'],
  AllocatorFree: [76, 'pp'],
  GetAllocatorWithDefaultOptions: [78, 'p'],
  SessionEndProfiling: [110, 'ppp'],
  CreateEnvWithGlobalThreadPools: [119, 'ispp'],
  DisablePerSessionThreads: [120, 'p'],
  CreateThreadingOptions: [121, 'p'],
  GetAvailableProviders: [125, 'pp'],
  ReleaseAvailableProviders: [126, 'pi'],
  AddSessionConfigEntry: [130, 'pss'],
  CreateAllocator: [131, 'ppp'],
  RunWithBinding: [133, 'ppp'],
  CreateIoBinding: [134, 'pp'],
  BindInput: [136, 'psp'],
  BindOutput: [137, 'psp'],
  BindOutputToDevice: [138, 'psp'],
  GetBoundOutputValues: [140, 'ppppp'],
  SetGlobalIntraOpNumThreads: [147, 'pi'],
  SetGlobalInterOpNumThreads: [148, 'pi'],
  SetGlobalSpinControl: [149, 'pi'],
  AddInitializer: [150, 'psp'],
  AddRunConfigEntry: [165, 'pss'],
  CreatePrepackedWeightsContainer: [166, 'p'],
  CreateSessionWithPrepackedWeightsContainer: [168, 'psppp'],
  CreateSessionFromArrayWithPrepackedWeightsContainer: [169, 'ppzppp'],
  SynchronizeBoundInputs: [202, 'p'],
  SynchronizeBoundOutputs: [203, 'p'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'pp'],
  CreateCUDAProviderOptions: [205, 'p'],
  UpdateCUDAProviderOptions: [206, 'pppz'],
  SessionOptionsAppendExecutionProvider: [216, 'psppz'],
  RegisterCustomOpsLibrary_V2: [228, 'ps'],
} as const;

export const voidFunctions = {
  ReleaseEnv: [92, 'p'],
  ReleaseStatus: [93, 'p'],
  ReleaseMemoryInfo: [94, 'p'],
  ReleaseSession: [95, 'p'],
  ReleaseValue: [96, 'p'],
  ReleaseRunOptions: [97, 'p'],
  ReleaseTensorTypeAndShapeInfo: [99, 'p'],
  ReleaseSessionOptions: [100, 'p'],
  ReleaseThreadingOptions: [122, 'p'],
  ReleaseAllocator: [132, 'p'],
  ReleaseIoBinding: [135, 'p'],
  ClearBoundInputs: [141, 'p'],
  ClearBoundOutputs: [142, 'p'],
  ReleasePrepackedWeightsContainer: [167, 'p'],
  ReleaseCUDAProviderOptions: [208, 'p'],
} as const;

/** Positions of the two that read an OrtStatus; they return a value, not a status. */
export const getErrorCodePosition = 1;
export const getErrorMessagePosition = 2;

export type StatusFunctionName = keyof typeof statusFunctions;
export type VoidFunctionName = keyof typeof voidFunctions;
