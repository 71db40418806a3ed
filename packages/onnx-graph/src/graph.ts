import { dimension } from './dimension.ts';
import { canonicalDim, type Dim, type Shape } from './dims.ts';
import type { DType, TypedArray } from './dtype.ts';
import { float16Bits } from './float16.ts';
import { type AttributeValue, type OpAttributes, type OpName, opDomain } from './ops/attributes.ts';
import { opTable } from './ops/table.ts';

/** Bytes of a weight that stay in a file: the runtime maps them, so processes share them. */
export interface ExternalLocation {
  /** As written to the model: relative to the folder the runtime is told. */
  file: string;
  offset: number;
  length: number;
}

export interface InitializerSpec {
  dtype: DType;
  shape: readonly number[];
  /** Little-endian elements (float16 as Uint16Array of bits), or where they lie. */
  data: TypedArray | ExternalLocation;
}

/** A tensor of the graph. Its name is settled by `Graph.output`, else generated. */
export interface Value {
  name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly graph: Graph;
  /** The node that makes it; null for inputs and initializers. */
  readonly producer: Node | null;
  /** Its elements where they are known while building: small constants and what Shape gives. */
  readonly known?: readonly Dim[];
}

export interface Node {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  /** null = an optional input left out. */
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly outputs: Value[];
}

export interface Initializer extends InitializerSpec {
  readonly value: Value;
}

/** A scalar takes the first tensor input's element type; a list is an int64 vector. */
export type Operand = Value | number | readonly number[] | null;

/** Where contrib ops come from, and their version. */
export const contribDomain = 'com.microsoft';

/**
 * An ONNX graph being built. Every op's element types and shapes are inferred as it is added, over symbolic
 * dimensions; what does not fit throws at once, naming op and shapes.
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly nodes: Node[] = [];
  readonly initializers = new Map<Value, Initializer>();
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, Value>();
  readonly #dims = new Map<string, Value>();
  #scope = '';
  #count = 0;

  constructor(readonly name: string) {}

  /** A graph input. String dimensions are symbols, equal wherever the name is equal. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.#value(this.#claim(name), dtype, shape.map(canonicalDim), null);
    this.inputs.push(value);
    return value;
  }

  /** A weight or constant stored in the model or beside it. Which of them train is `gradients`' business. */
  initializer(name: string, spec: InitializerSpec): Value {
    return this.#store(this.#claim(name), spec);
  }

  /** A small constant, shared by all who ask for the same. Numbers are rounded to `dtype`. */
  constant(dtype: DType, shape: readonly number[], elements: readonly number[]): Value {
    const key = `${dtype}[${shape}]${elements.map((x) => (Object.is(x, -0) ? '-0' : x))}`;
    const found = this.#constants.get(key);
    if (found) return found;
    const value = this.#store(this.#claim(`constant_${this.#constants.size}`), {
      dtype,
      shape,
      data: encodeElements(dtype, elements),
    });
    this.#constants.set(key, value);
    return value;
  }

  /** An int64 vector. */
  ints(elements: readonly number[]): Value {
    return this.constant('int64', [elements.length], elements);
  }

  /** Adds an op of the table and gives its first output, or with `outputs` all of them. */
  op<K extends OpName>(op: K, inputs: readonly Operand[], attributes?: OpAttributes[K]): Value;
  op<K extends OpName>(op: K, inputs: readonly Operand[], attributes: OpAttributes[K], outputs: number): Value[];
  op<K extends OpName>(
    op: K,
    inputs: readonly Operand[],
    attributes?: OpAttributes[K],
    outputs?: number,
  ): Value | Value[] {
    const values = this.#operands(inputs);
    const given = attributes ?? ({} as OpAttributes[K]);
    try {
      const inferred = opTable[op].infer(values, given, outputs ?? 1);
      const node = this.#add(op, opDomain(op), values, given as Record<string, AttributeValue>);
      for (const one of inferred)
        node.outputs.push(this.#value(this.#fresh(op), one.dtype, one.shape, node, one.known));
      return outputs === undefined ? node.outputs[0]! : node.outputs;
    } catch (cause) {
      const shapes = values.map((v) => (v ? `${v.dtype}[${v.shape.join(', ')}]` : '–')).join(' ');
      const where = this.#scope === '' ? '' : ` in ${this.#scope}`;
      throw new Error(`${op}(${shapes})${where}: ${(cause as Error).message}`, { cause });
    }
  }

  /**
   * Adds a contrib op (or one of another domain) without a rule: the caller states what comes out. It can't be
   * differentiated or evaluated.
   */
  contrib(
    op: string,
    inputs: readonly Operand[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: readonly { dtype: DType; shape: Shape; name?: string }[],
    domain = contribDomain,
  ): Value[] {
    const node = this.#add(op, domain, this.#operands(inputs), attributes);
    for (const one of outputs) {
      const name = one.name === undefined ? this.#fresh(op) : this.#claim(one.name);
      node.outputs.push(this.#value(name, one.dtype, one.shape.map(canonicalDim), node));
    }
    return node.outputs;
  }

  /** An optional output of a node that was added without it. */
  furtherOutput(node: Node, index: number): Value {
    const op = node.op as OpName;
    const inferred = opTable[op].infer(node.inputs, node.attributes as never, index + 1);
    for (const one of inferred.slice(node.outputs.length)) {
      node.outputs.push(this.#value(this.#fresh(op), one.dtype, one.shape, node, one.known));
    }
    return node.outputs[index]!;
  }

  /** Makes `value` a graph output of this name. */
  output(name: string, value: Value): Value {
    const free = value.producer !== null && !this.outputs.includes(value);
    const result = free ? value : this.op('Identity', [value]);
    this.#names.delete(result.name);
    result.name = this.#claim(name);
    this.outputs.push(result);
    return result;
  }

  /** Names made inside start with `scope/`. */
  scoped<T>(scope: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = outer === '' ? scope : `${outer}/${scope}`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** The scalar int64 of a dimension, from the shape of a graph input that has its names. */
  dim(dim: Dim): Value {
    const name = String(dim);
    const found = this.#dims.get(name);
    if (found) return found;
    const value = typeof dim === 'number' ? this.constant('int64', [], [dim]) : dimension(this, dim);
    this.#dims.set(name, value);
    return value;
  }

  #store(name: string, spec: InitializerSpec): Value {
    const value = this.#value(name, spec.dtype, spec.shape, null, knownElements(spec));
    this.initializers.set(value, { ...spec, value });
    return value;
  }

  #operands(inputs: readonly Operand[]): (Value | null)[] {
    const dtype = inputs.find((input): input is Value => isValue(input))?.dtype;
    return inputs.map((input) => {
      if (input === null) return null;
      if (typeof input === 'number') return this.constant(dtype ?? 'float32', [], [input]);
      if (!isValue(input)) return this.ints(input);
      if (input.graph !== this) throw new Error(`Value "${input.name}" belongs to graph "${input.graph.name}".`);
      return input;
    });
  }

  #add(op: string, domain: string, inputs: readonly (Value | null)[], attributes: Node['attributes']): Node {
    const node: Node = { name: this.#path(`${op}.${this.#count}`), op, domain, inputs, attributes, outputs: [] };
    this.nodes.push(node);
    return node;
  }

  #value(name: string, dtype: DType, shape: Shape, producer: Node | null, known?: readonly Dim[]): Value {
    return { name, dtype, shape, graph: this, producer, known };
  }

  #path(name: string): string {
    return this.#scope === '' ? name : `${this.#scope}/${name}`;
  }

  #fresh(stem: string): string {
    return this.#claim(this.#path(`${stem}_${this.#count++}`));
  }

  #claim(name: string): string {
    if (this.#names.has(name)) throw new Error(`The name "${name}" is taken in graph "${this.name}".`);
    this.#names.add(name);
    return name;
  }
}

function isValue(operand: Operand): operand is Value {
  return operand !== null && typeof operand === 'object' && 'graph' in operand;
}

/** Longest constant that shape inference reads: the sizes of a Split by every tensor of an adapter. */
const mostKnownElements = 4096;

/** Integers of a small constant, which shape inference may read. */
function knownElements(spec: InitializerSpec): number[] | undefined {
  if (spec.shape.length > 1 || 'file' in spec.data || spec.data.length > mostKnownElements) return undefined;
  return spec.dtype === 'int64' || spec.dtype === 'int32' ? Array.from(spec.data, Number) : undefined;
}

function encodeElements(dtype: DType, elements: readonly number[]): TypedArray {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(elements);
    case 'float64':
      return Float64Array.from(elements);
    case 'int64':
      return BigInt64Array.from(elements, BigInt);
    case 'int32':
      return Int32Array.from(elements);
    case 'int8':
      return Int8Array.from(elements);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(elements);
    case 'float16':
      return Uint16Array.from(elements, float16Bits);
    case 'bfloat16':
      return Uint16Array.from(elements, (x) => new Uint32Array(Float32Array.of(x).buffer)[0]! >>> 16);
  }
}
