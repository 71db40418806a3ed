import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { add, mul } from '@parapet/onnx-graph/build';
import { Graph, type Value } from '@parapet/onnx-graph/graph';
import { initAdapter } from '@parapet/para/init';
import { poolWeights } from '@parapet/para/pooling';
import type { Accelerator } from '@parapet/runtime/accelerator';
import type { MicroBatch } from '../dataset/batches.ts';
import { adamwGraph, adamwScalars, type OptimizerSettings } from '../graph/adamw.ts';
import { tensorwiseGraph } from '../graph/adapted-model.ts';
import { type FlatLayout, flatLayout, flatten } from '../graph/flat-parameters.ts';
import type { BatchResult, Trainer, TrainerOptions, TrainerState } from '../trainer/trainer.ts';
import { openBaseWeights, type PlacedWeight } from '../weights/base-weights.ts';
import { type BatchSize, batchSizeFor, padBatch } from './batch-size.ts';
import { KernelLibrary } from './kernel-library.ts';
import { Program, ScratchMemory } from './program.ts';

/** Recorded sizes kept at once; past it the one unused longest goes. */
const mostPrograms = 24;
/** Sizes whose kernels are kept; past it all are made anew as they are met. */
const mostModules = 96;
const chunkBytes = 64 << 20;

const vectors = ['theta', 'm', 'v', 'gradient', 'fresh', 'evaluated'] as const;
type Vector = (typeof vectors)[number];

export interface CudaTrainerOptions extends TrainerOptions {
  accelerator: Accelerator;
  /** See `ProgramParts`; true unless told. */
  record?: boolean;
}

/**
 * Trains on a card: the same graphs as on the CPU, at fixed sizes, as kernels made for them and cuBLAS products (TF32:
 * float32 with 10 bits of mantissa in products, sums in float32), every step one recorded CUDA graph. Weights, trained
 * numbers, gradient and moments stay on the card; a step takes tokens in and gives the loss out.
 */
export class CudaTrainer implements Trainer {
  readonly layout: FlatLayout;
  readonly #accelerator: Accelerator;
  /** Kernels of the optimiser and the copy, and those of batches by their sizes. */
  readonly #lasting: KernelLibrary;
  readonly #library: KernelLibrary;
  readonly #scratch: ScratchMemory;
  readonly #memory: bigint[] = [];
  readonly #vectors: Readonly<Record<Vector, bigint>>;
  readonly #constants = new Map<string, bigint>();
  readonly #programs = new Map<string, Program>();
  readonly #optimizer: Program;
  readonly #copy: Program;
  /** Host copies of θ and moments, until the next step changes them. */
  #mirror: TrainerState | null = null;
  /** 1 once a micro-batch of this step is in the gradient. */
  #accumulated = 0;
  /** Whose numbers `evaluated` has. */
  #evaluated: Float32Array | 'theta' | null = null;

  private constructor(
    private readonly options: CudaTrainerOptions,
    private readonly placed: ReadonlyMap<string, PlacedWeight>,
    private readonly weights: bigint,
  ) {
    const { accelerator, config, model } = options;
    this.#accelerator = accelerator;
    this.#lasting = new KernelLibrary(accelerator);
    this.#library = new KernelLibrary(accelerator);
    this.#scratch = new ScratchMemory(accelerator);
    this.layout = flatLayout(config, model.spec);
    const { size } = this.layout;
    const zeros = new Float32Array(size);
    const take = () => {
      const address = this.#take(size * 4);
      accelerator.upload(address, zeros);
      return address;
    };
    this.#vectors = Object.fromEntries(vectors.map((name) => [name, take()])) as Record<Vector, bigint>;
    this.load({ theta: flatten(initAdapter(config, model.spec, options.seed), this.layout) });
    const inPlace: Record<string, Vector> = {
      ...{ theta: 'theta', m: 'm', v: 'v', gradient: 'gradient' },
      ...{ theta_next: 'theta', m_next: 'm', v_next: 'v' },
    };
    this.#optimizer = this.#program(this.#lasting, [adamwGraph(size)], inPlace);
    this.#copy = this.#program(this.#lasting, [copyGraph(size)], { from: 'theta', to: 'evaluated' });
  }

  static async create(options: CudaTrainerOptions): Promise<CudaTrainer> {
    const { accelerator, model, weightsFolder } = options;
    const base = await openBaseWeights(model, weightsFolder);
    const last = [...base.placed.values()].at(-1)!;
    const weights = accelerator.allocate(last.offset + last.length);
    try {
      uploadFile(accelerator, join(base.folder, base.file), weights);
      return new CudaTrainer(options, base.placed, weights);
    } catch (error) {
      accelerator.free(weights);
      throw error;
    }
  }

  get theta(): Float32Array {
    return this.#read().theta;
  }

  get m(): Float32Array {
    return this.#read().m;
  }

  get v(): Float32Array {
    return this.#read().v;
  }

  load(state: Partial<TrainerState>): void {
    for (const name of ['theta', 'm', 'v'] as const) {
      const data = state[name];
      if (data !== undefined) this.#accelerator.upload(this.#vectors[name], data);
    }
    this.#changed();
  }

  async accumulate(batch: MicroBatch, weight: number): Promise<BatchResult> {
    const program = this.#batchProgram('training', batchSizeFor(batch));
    program.write('keep', Float32Array.of(this.#accumulated));
    this.#accumulated = 1;
    return this.#run(program, batch, weight);
  }

  async evaluate(batch: MicroBatch, weight: number, theta?: Float32Array): Promise<BatchResult> {
    const wanted = theta ?? 'theta';
    if (this.#evaluated !== wanted) {
      if (theta === undefined) this.#copy.start();
      else this.#accelerator.upload(this.#vectors.evaluated, theta);
      this.#evaluated = wanted;
    }
    return this.#run(this.#batchProgram('evaluation', batchSizeFor(batch)), batch, weight);
  }

  step(step: number, settings: OptimizerSettings): { gradientNorm: number } {
    for (const [name, value] of Object.entries(adamwScalars(step, settings))) {
      this.#optimizer.write(name, Float32Array.of(value));
    }
    this.#optimizer.start();
    this.#accumulated = 0;
    this.#changed();
    // Waits for the device: the norm says whether the run still is one.
    this.#accelerator.download(new Float32Array(1), this.#vectors.theta);
    return { gradientNorm: new Float32Array(this.#optimizer.read('gradient_norm').buffer)[0]! };
  }

  async release(): Promise<void> {
    await this.#accelerator.idle();
    this.#forgetBatches();
    for (const part of [this.#optimizer, this.#copy, this.#lasting, this.#scratch]) part.release();
    for (const address of this.#memory.splice(0)) this.#accelerator.free(address);
    this.#accelerator.free(this.weights);
  }

  #forgetBatches(): void {
    for (const program of this.#programs.values()) program.release();
    this.#programs.clear();
    this.#library.release();
  }

  #changed(): void {
    this.#mirror = null;
    if (this.#evaluated === 'theta') this.#evaluated = null;
  }

  #read(): TrainerState {
    if (this.#mirror === null) {
      const read = (name: Vector) => {
        const data = new Float32Array(this.layout.size);
        this.#accelerator.download(data, this.#vectors[name]);
        return data;
      };
      this.#mirror = { theta: read('theta'), m: read('m'), v: read('v') };
    }
    return this.#mirror;
  }

  async #run(program: Program, batch: MicroBatch, weight: number): Promise<BatchResult> {
    const { config } = this.options;
    const K = batch.labels.length;
    const padded = padBatch(batch, batchSizeFor(batch));
    const weights = new Float32Array(padded.labels.length).fill(weight, 0, K);
    const pooler = config.method === 'para' ? config.pooler : 'mean';
    program.write('tokens', padded.tokens);
    program.write('pool_weights', poolWeights(pooler, padded.promptTokens, padded.columns));
    program.write('rows', padded.targetRows);
    program.write('labels', padded.labels);
    program.write('weights', weights);
    program.start();
    await this.#accelerator.idle();
    const predictions = new BigInt64Array(program.read('predictions').buffer).subarray(0, K);
    const correct = predictions.reduce((count, token, i) => count + (token === batch.labels[i] ? 1 : 0), 0);
    return { loss: new Float32Array(program.read('loss').buffer)[0]!, correct, predictions };
  }

  #batchProgram(kind: 'training' | 'evaluation', size: BatchSize): Program {
    const key = `${kind} ${size.rows} ${size.columns} ${size.targets}`;
    let program = this.#programs.get(key);
    this.#programs.delete(key);
    if (program === undefined) {
      if (this.#library.modules >= mostModules) this.#forgetBatches();
      if (this.#programs.size === mostPrograms) {
        const [oldest, unused] = [...this.#programs][0]!;
        unused.release();
        this.#programs.delete(oldest);
      }
      const { model, config } = this.options;
      const weight = (name: string) => {
        const { shape, ...data } = this.placed.get(name)!;
        return { dtype: 'float32' as const, shape, data };
      };
      const training = kind === 'training';
      const graph = tensorwiseGraph({ spec: model.spec, config, weight, sizes: size }, training);
      const sum = accumulateGraph(this.layout.size);
      const graphs = training ? [graph, sum] : [graph];
      program = this.#program(this.#library, graphs, {}, training ? 'theta' : 'evaluated');
    }
    this.#programs.set(key, program);
    return program;
  }

  /**
   * @param whole graph inputs and outputs that are one of the vectors
   * @param tensors the vector that `adapter/<tensor>` inputs are parts of
   */
  #program(
    library: KernelLibrary,
    graphs: readonly Graph[],
    whole: Readonly<Record<string, Vector>>,
    tensors: Vector = 'theta',
  ): Program {
    const offsets = new Map(this.layout.tensors.map(({ name, offset }) => [name, BigInt(offset * 4)]));
    const addressOf = (value: Value): bigint | undefined => {
      const initializer = value.graph.initializers.get(value);
      if (initializer !== undefined) {
        const { data } = initializer;
        return 'file' in data ? this.weights + BigInt(data.offset) : this.#constant(data);
      }
      const [kind, ...rest] = value.name.split('/');
      const offset = offsets.get(rest.join('/'));
      if (offset !== undefined) return this.#vectors[kind === 'gradient' ? 'fresh' : tensors] + offset;
      const vector = whole[value.name] ?? (value.graph.name === 'accumulate' ? sums[value.name] : undefined);
      return vector && this.#vectors[vector];
    };
    const { accelerator, record = true } = this.options;
    const parts = { accelerator, library, scratch: this.#scratch, addressOf, record };
    return new Program(parts, graphs);
  }

  /** A constant of many elements, put on the card once: the tables of angles are in every graph. */
  #constant(data: NodeJS.TypedArray): bigint {
    const key = createHash('sha256').update(data).digest('hex');
    let address = this.#constants.get(key);
    if (address === undefined) {
      address = this.#take(data.byteLength);
      this.#accelerator.upload(address, data);
      this.#constants.set(key, address);
    }
    return address;
  }

  #take(bytes: number): bigint {
    const address = this.#accelerator.allocate(bytes);
    this.#memory.push(address);
    return address;
  }
}

const sums: Readonly<Record<string, Vector>> = { fresh: 'fresh', before: 'gradient', after: 'gradient' };

/** after = fresh + keep · before, in place: a step's first micro-batch keeps nothing. */
function accumulateGraph(size: number): Graph {
  const g = new Graph('accumulate');
  const before = mul(g.input('before', 'float32', [size]), g.input('keep', 'float32', []));
  g.output('after', add(g.input('fresh', 'float32', [size]), before));
  return g;
}

function copyGraph(size: number): Graph {
  const g = new Graph('copy');
  g.output('to', g.op('Identity', [g.input('from', 'float32', [size])]));
  return g;
}

function uploadFile(accelerator: Accelerator, path: string, to: bigint): void {
  const file = openSync(path, 'r');
  const buffer = new Uint8Array(chunkBytes);
  try {
    for (let at = 0; ; ) {
      const read = readSync(file, buffer, 0, buffer.length, at);
      if (read === 0) return;
      accelerator.upload(to + BigInt(at), buffer.subarray(0, read));
      at += read;
    }
  } finally {
    closeSync(file);
  }
}
