import type { OpAttributes } from '@parapet/onnx-graph/attributes';
import type { Node, Value } from '@parapet/onnx-graph/graph';
import { type Coordinates, coordinatesOf, offsetOf, sizes, throughBroadcast, throughReshape } from './coordinates.ts';
import { cType, formulas, literal } from './formulas.ts';

/** The one element of a constant, where it has only one. */
function onlyElement(value: Value): string | null {
  const data = value.graph.initializers.get(value)?.data;
  if (data === undefined || 'file' in data || data.length !== 1) return null;
  return value.dtype === 'float32' ? literal(Number(data[0])) : `${data[0]}${value.dtype === 'int64' ? 'LL' : ''}`;
}

/** What a kernel reads: its pointer parameters, in order of first use. */
export class KernelReads {
  readonly values: Value[] = [];

  nameOf(value: Value): string {
    let at = this.values.indexOf(value);
    if (at < 0) at = this.values.push(value) - 1;
    return `in${at}`;
  }
}

/**
 * Statements that compute elements of values at given coordinates: what has memory of its own is read, everything
 * else is computed on the spot from what has. One scope of a kernel (its whole body, or a loop's).
 */
export class KernelBody {
  readonly lines: string[] = [];
  readonly #names = new Map<string, string>();

  constructor(
    private readonly reads: KernelReads,
    private readonly stored: ReadonlySet<Value>,
    /** Keeps names apart from those of an enclosing scope. */
    private readonly prefix: string,
    /** The value that the kernel is for: computed although it has memory. */
    private readonly made: Value | null = null,
  ) {}

  /** The coordinates of the element at a linear index. */
  coordinates(linear: string, shape: Value['shape']): Coordinates {
    return coordinatesOf(linear, shape, this.#integer);
  }

  /** The element of a value at coordinates: a name or a literal. */
  element(value: Value, at: Coordinates): string {
    const constant = onlyElement(value);
    if (constant !== null) return constant;
    if ((this.stored.has(value) && value !== this.made) || value.producer === null) {
      const pointer = this.reads.nameOf(value);
      return this.#named(cType(value.dtype), `${pointer}[${offsetOf(at, value.shape)}]`);
    }
    return this.#computed(value, value.producer, at);
  }

  readonly #integer = (expression: string): string => this.#named('int', expression);

  #named(type: string, expression: string): string {
    if (/^\w+$/.test(expression)) return expression;
    const key = `${type} ${expression}`;
    const found = this.#names.get(key);
    if (found !== undefined) return found;
    const name = `${this.prefix}${this.#names.size}`;
    this.lines.push(`const ${type} ${name} = ${expression};`);
    this.#names.set(key, name);
    return name;
  }

  #computed(value: Value, node: Node, at: Coordinates): string {
    const x = node.inputs[0]!;
    switch (node.op) {
      case 'Identity':
        return this.element(x, at);
      case 'Reshape':
      case 'Squeeze':
      case 'Unsqueeze':
        return this.element(x, throughReshape(at, value.shape, x.shape, this.#integer));
      case 'Transpose': {
        const { perm } = node.attributes as OpAttributes['Transpose'];
        return this.element(
          x,
          x.shape.map((_, axis) => at[perm.indexOf(axis)]!),
        );
      }
      case 'Expand':
        return this.element(x, throughBroadcast(at, x.shape));
      case 'Split':
        return this.element(x, this.#split(value, node, at));
      case 'Concat':
        return this.#concatenated(value, node, at);
      case 'Range':
        return this.#named('long long', `${at[0]} + ${this.element(x, [])}`);
      case 'Gather':
        return this.#gathered(node, at);
      case 'RotaryEmbedding':
        return this.#rotated(value, node, at);
      default: {
        const formula = formulas[node.op];
        if (formula === undefined) throw new Error(`${node.op} has no kernel on the device.`);
        const args = node.inputs.map((input) => this.element(input!, throughBroadcast(at, input!.shape)));
        return this.#named(cType(value.dtype), formula(args, node));
      }
    }
  }

  #split(value: Value, node: Node, at: Coordinates): Coordinates {
    const axis = axisOf(node, value.shape.length, 0);
    const before = node.outputs.slice(0, node.outputs.indexOf(value));
    const start = before.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
    return start === 0 ? at : at.with(axis, this.#integer(`${at[axis]} + ${start}`));
  }

  /** Inputs of a Concat have memory, so that only the one that is wanted is read. */
  #concatenated(value: Value, node: Node, at: Coordinates): string {
    const axis = axisOf(node, value.shape.length, 0);
    let start = 0;
    let choice = '';
    for (const [i, input] of node.inputs.entries()) {
      const size = input!.shape[axis] as number;
      const own = at.with(axis, size === 1 ? '0' : start === 0 ? at[axis]! : `(${at[axis]} - ${start})`);
      const read = `${this.reads.nameOf(input!)}[${offsetOf(own, input!.shape)}]`;
      start += size;
      choice += i === node.inputs.length - 1 ? read : `${at[axis]} < ${start} ? ${read} : `;
    }
    return this.#named(cType(value.dtype), choice);
  }

  #gathered(node: Node, at: Coordinates): string {
    const [data, indices] = [node.inputs[0]!, node.inputs[1]!];
    const axis = axisOf(node, data.shape.length, 0);
    const rank = indices.shape.length;
    const index = this.#integer(`(int)${this.element(indices, at.slice(axis, axis + rank))}`);
    return this.element(data, [...at.slice(0, axis), index, ...at.slice(axis + rank)]);
  }

  /** x [B, S, heads · headDim] turned by its position's angle: a pair is half a head apart. */
  #rotated(value: Value, node: Node, at: Coordinates): string {
    const [x, positions, cos, sin] = node.inputs as Value[];
    if (value.shape.length !== 3 || elementsIn(positions!) !== 1) {
      throw new Error('RotaryEmbedding has a kernel for [B, S, heads · headDim] from one first position only.');
    }
    const half = sizes(cos!.shape)[1]!;
    const position = this.#integer(`${at[1]} + (int)${this.element(positions!, ['0'])}`);
    const inHead = this.#integer(`${at[2]} % ${2 * half}`);
    const first = this.#named('bool', `${inHead} < ${half}`);
    const other = this.#integer(`${first} ? ${at[2]} + ${half} : ${at[2]} - ${half}`);
    const pair = this.#integer(`${first} ? ${inHead} : ${inHead} - ${half}`);
    const [c, s] = [this.element(cos!, [position, pair]), this.element(sin!, [position, pair])];
    const [own, opposite] = [this.element(x!, at), this.element(x!, [at[0]!, at[1]!, other])];
    return this.#named('float', `${first} ? ${own} * ${c} - ${opposite} * ${s} : ${own} * ${c} + ${opposite} * ${s}`);
  }
}

const elementsIn = (value: Value): number => sizes(value.shape).reduce((product, size) => product * size, 1);

/** A node's `axis`, counted from the front. */
export function axisOf(node: Node, rank: number, otherwise: number): number {
  const axis = (node.attributes as { axis?: number }).axis ?? otherwise;
  return axis < 0 ? axis + rank : axis;
}
