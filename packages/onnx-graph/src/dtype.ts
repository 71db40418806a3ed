import { TensorProto_DataType as Code } from 'onnx-buf';

/** Element types of values, by their ONNX names in numpy's spelling. */
export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array;

/** Bytes of an element. */
export const bytesOf: Record<DType, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** TensorProto.DataType of each element type. */
export const onnxTypeCode: Record<DType, Code> = {
  float32: Code.FLOAT,
  float64: Code.DOUBLE,
  float16: Code.FLOAT16,
  bfloat16: Code.BFLOAT16,
  int64: Code.INT64,
  int32: Code.INT32,
  int8: Code.INT8,
  uint8: Code.UINT8,
  bool: Code.BOOL,
};

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
}
