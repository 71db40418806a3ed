import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { onnxTypeCode, type TypedArray } from './dtype.ts';
import { contribDomain, type ExternalLocation, type Graph, type Initializer, type Node, type Value } from './graph.ts';
import type { AttributeValue } from './ops/attributes.ts';

/** The ONNX version the op table follows; what ONNX Runtime 1.20 and later read. */
export const opsetVersion = 21;
const irVersion = 10n;

export interface EncodeOptions {
  /** Where weights that are in memory here lie in a file (see `planExternalData`). */
  external?: ReadonlyMap<Value, ExternalLocation>;
  /** Keep the inferred shapes of all values in the file: for viewers, not needed to run. */
  valueInfo?: boolean;
}

/** The graph as a serialized ModelProto. */
export function encodeModel(g: Graph, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'parapet',
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opsetVersion) }),
      ...[...new Set([contribDomain, ...g.nodes.map(({ domain }) => domain)])]
        .filter((domain) => domain !== '')
        .map((domain) => create(OperatorSetIdProtoSchema, { domain, version: 1n })),
    ],
    graph: create(GraphProtoSchema, {
      name: g.name,
      node: g.nodes.map(encodeNode),
      initializer: [...g.initializers.values()].map((one) => encodeInitializer(one, options.external?.get(one.value))),
      input: g.inputs.map(encodeValueInfo),
      output: g.outputs.map(encodeValueInfo),
      valueInfo: options.valueInfo ? g.nodes.flatMap((node) => node.outputs).map(encodeValueInfo) : [],
    }),
  });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}

function encodeNode(node: Node) {
  const inputs = node.inputs.map((input) => input?.name ?? '');
  while (inputs.at(-1) === '') inputs.pop();
  return create(NodeProtoSchema, {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: inputs,
    output: node.outputs.map((output) => output.name),
    attribute: Object.entries(node.attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [encodeAttribute(name, name === 'to' ? onnxTypeCode[value as never] : value)],
    ),
  });
}

function encodeAttribute(name: string, value: NonNullable<AttributeValue>): AttributeProto {
  const text = new TextEncoder();
  if (typeof value === 'string') return attribute({ name, type: AttributeType.STRING, s: text.encode(value) });
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) throw new Error(`Attribute "${name}" is no integer: write real(${value}).`);
    return attribute({ name, type: AttributeType.INT, i: BigInt(value) });
  }
  if ('float' in value) return attribute({ name, type: AttributeType.FLOAT, f: value.float });
  if (value.every((item) => typeof item === 'number')) {
    return attribute({ name, type: AttributeType.INTS, ints: value.map(BigInt) });
  }
  return attribute({ name, type: AttributeType.STRINGS, strings: value.map((item) => text.encode(String(item))) });
}

const attribute = (fields: Partial<Omit<AttributeProto, '$typeName'>>) => create(AttributeProtoSchema, fields);

function encodeInitializer({ value, dtype, shape, data }: Initializer, external?: ExternalLocation): TensorProto {
  const head = { name: value.name, dims: shape.map(BigInt), dataType: onnxTypeCode[dtype] };
  const location = external ?? ('file' in data ? data : undefined);
  if (!location) return create(TensorProtoSchema, { ...head, rawData: rawBytes(data as TypedArray) });
  const entry = (key: string, text: string | number) =>
    create(StringStringEntryProtoSchema, { key, value: String(text) });
  return create(TensorProtoSchema, {
    ...head,
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      entry('location', location.file),
      entry('offset', location.offset),
      entry('length', location.length),
    ],
  });
}

/** The elements' bytes, without a copy. */
export function rawBytes(data: TypedArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

function encodeValueInfo(value: Value): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType: onnxTypeCode[value.dtype],
          shape: create(TensorShapeProtoSchema, {
            dim: value.shape.map((dim) =>
              create(TensorShapeProto_DimensionSchema, {
                value:
                  typeof dim === 'number' ? { case: 'dimValue', value: BigInt(dim) } : { case: 'dimParam', value: dim },
              }),
            ),
          }),
        }),
      },
    }),
  });
}
