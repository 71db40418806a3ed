import type { WeightName } from '../spec.ts';
import { type QuantBlocks, readBlocks, toFloat32 } from './blocks.ts';
import { transpose } from './numeric.ts';

/** How a file holds a tensor's numbers. `q8_0`: w = d·q. `q4_1`: w = d·q + m. Both in blocks of 32 along `in`. */
export type WeightFormat = 'float32' | 'float16' | 'bfloat16' | 'q8_0' | 'q4_1';

/**
 * One tensor, read when asked and not kept. Linears are `[out, in]`, row-major, with the rows of q and k in the
 * half-split rotary order (that of `transformers`), whatever the file's.
 */
export class Weight {
  constructor(
    readonly name: WeightName,
    readonly format: WeightFormat,
    readonly shape: readonly number[],
    /** The file's own bytes, row order already undone. */
    readonly readRaw: () => Uint8Array,
  ) {}

  /** Numbers in the tensor. */
  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** All numbers, dequantised, in the shape's order. */
  readFloat32(): Float32Array {
    return toFloat32(this.format, this.readRaw(), this.size);
  }

  /** `[in, out]`: the right-hand side of `MatMul(x, W)`. Only for matrices. */
  readTransposed(): Float32Array {
    const [rows, columns] = this.shape;
    if (rows === undefined || columns === undefined || this.shape.length !== 2)
      throw new TypeError(`${this.name} has shape [${this.shape}]; only a matrix can be transposed`);
    return transpose(this.readFloat32(), rows, columns);
  }

  /** The quantised parts exactly as stored, or null for a format without blocks. */
  readBlocks(): QuantBlocks | null {
    return this.format === 'q8_0' || this.format === 'q4_1' ? readBlocks(this.format, this.readRaw(), this.size) : null;
  }
}

/** All weights of a model by canonical name. */
export class ModelWeights {
  constructor(
    private readonly byName: ReadonlyMap<WeightName, Weight>,
    /** Closes the files behind the weights; reading afterwards throws. */
    readonly close: () => void,
  ) {}

  get names(): WeightName[] {
    return [...this.byName.keys()];
  }

  has(name: WeightName): boolean {
    return this.byName.has(name);
  }

  /** @throws RangeError when the model has no such weight. */
  get(name: WeightName): Weight {
    const weight = this.byName.get(name);
    if (weight === undefined) throw new RangeError(`the model has no weight named ${name}`);
    return weight;
  }

  /** The output projection `[vocab, width]`: a tensor of its own, or the embedding when tied. */
  get head(): Weight {
    return this.byName.get('head') ?? this.get('embed');
  }
}
