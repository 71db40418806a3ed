/** Element types of tensors, by ONNX's names: ONNXTensorElementDataType code and bytes an element. */
export const elementTypes = {
  float32: { code: 1, bytes: 4, view: Float32Array },
  uint8: { code: 2, bytes: 1, view: Uint8Array },
  int8: { code: 3, bytes: 1, view: Int8Array },
  uint16: { code: 4, bytes: 2, view: Uint16Array },
  int16: { code: 5, bytes: 2, view: Int16Array },
  int32: { code: 6, bytes: 4, view: Int32Array },
  int64: { code: 7, bytes: 8, view: BigInt64Array },
  bool: { code: 9, bytes: 1, view: Uint8Array },
  /** Bits in a Uint16Array. */
  float16: { code: 10, bytes: 2, view: Uint16Array },
  float64: { code: 11, bytes: 8, view: Float64Array },
  uint32: { code: 12, bytes: 4, view: Uint32Array },
  uint64: { code: 13, bytes: 8, view: BigUint64Array },
  bfloat16: { code: 16, bytes: 2, view: Uint16Array },
} as const;

export type ElementType = keyof typeof elementTypes;
export interface ElementViews {
  float32: Float32Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  bool: Uint8Array;
  float16: Uint16Array;
  float64: Float64Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bfloat16: Uint16Array;
}
export type ElementView<T extends ElementType> = ElementViews[T];

const byCode = new Map<number, ElementType>(
  Object.entries(elementTypes).map(([name, { code }]) => [code, name as ElementType]),
);

/** The element type of an ONNXTensorElementDataType code; throws for types we have no view of (strings, 4 bits). */
export function elementTypeOf(code: number): ElementType {
  const type = byCode.get(code);
  if (type === undefined) throw new Error(`Tensors of ONNX element type ${code} can't be read.`);
  return type;
}
