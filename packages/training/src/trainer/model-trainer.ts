import { encodeModel } from '@parapet/onnx-graph/encode';
import type { Graph } from '@parapet/onnx-graph/graph';
import { initAdapter } from '@parapet/para/init';
import { poolWeights } from '@parapet/para/pooling';
import {
  type ElementType,
  type ElementView,
  FileMemory,
  type OperatorLibrary,
  type Runtime,
  type Session,
  type SessionOptions,
  SharedWeights,
  Tensor,
} from '@parapet/runtime';
import type { MicroBatch } from '../dataset/batches.ts';
import { adamwGraph, adamwScalars, type OptimizerSettings } from '../graph/adamw.ts';
import { type AdaptedModelOptions, evaluationGraph, gradientGraph } from '../graph/adapted-model.ts';
import { type FlatLayout, flatLayout, flatten } from '../graph/flat-parameters.ts';
import { useFrozenProducts } from '../kernels/frozen-products.ts';
import { openBaseWeights } from '../weights/base-weights.ts';
import type { BatchResult, Trainer, TrainerOptions, TrainerState } from './trainer.ts';

export interface ModelTrainerOptions extends TrainerOptions {
  runtime: Runtime;
  /** See `AdaptedModelOptions`. */
  recomputeAttention?: boolean;
  /** Our own operators for products with frozen weights; absent or null = ONNX Runtime's. */
  operators?: OperatorLibrary | null;
  session?: SessionOptions;
}

/**
 * The trained numbers of one adapter, their optimiser state, and the sessions that compute with them. All state
 * lives in memory of ours that sessions read and write in place.
 */
export class ModelTrainer implements Trainer {
  /** θ [N] and AdamW's moments. May be written between calls. */
  readonly theta: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** ∂loss/∂θ, summed since the last step. */
  readonly gradient: Float32Array;
  readonly #state: Record<'theta' | 'm' | 'v' | 'gradient', Tensor>;
  #training: Promise<Session> | null = null;
  #evaluation: Promise<Session> | null = null;

  private constructor(
    private readonly options: ModelTrainerOptions,
    readonly layout: FlatLayout,
    private readonly file: FileMemory,
    private readonly shared: SharedWeights,
    private readonly folder: string,
    private readonly weightSpec: AdaptedModelOptions['weight'],
    private readonly optimizer: Session,
  ) {
    this.theta = flatten(initAdapter(options.config, options.model.spec, options.seed), layout);
    this.m = new Float32Array(layout.size);
    this.v = new Float32Array(layout.size);
    this.gradient = new Float32Array(layout.size);
    const over = (data: Float32Array) => Tensor.over(options.runtime, 'float32', [layout.size], data);
    this.#state = { theta: over(this.theta), m: over(this.m), v: over(this.v), gradient: over(this.gradient) };
  }

  static async create(options: ModelTrainerOptions): Promise<ModelTrainer> {
    const { runtime, model, config, weightsFolder } = options;
    const base = await openBaseWeights(model, weightsFolder);
    const layout = flatLayout(config, model.spec);
    const file = new FileMemory(`${base.folder}/${base.file}`);
    const tensors = [...base.placed].map(([name, { shape, offset }]): [string, Tensor] => [
      name,
      Tensor.within(runtime, 'float32', shape, file, offset),
    ]);
    const shared = new SharedWeights(runtime, new Map(tensors));
    const optimizer = runtime.createSession({ bytes: encodeModel(adamwGraph(layout.size)) }, { threads: 1 });
    const weight = (name: Parameters<typeof base.placed.get>[0]) => {
      const { shape, ...data } = base.placed.get(name)!;
      return { dtype: 'float32' as const, shape, data };
    };
    return new ModelTrainer(options, layout, file, shared, base.folder, weight, optimizer);
  }

  load(state: Partial<TrainerState>): void {
    for (const name of ['theta', 'm', 'v'] as const) if (state[name] !== undefined) this[name].set(state[name]);
  }

  async accumulate(batch: MicroBatch, weight: number): Promise<BatchResult> {
    this.#training ??= this.#session(gradientGraph);
    const { theta, gradient } = this.#state;
    const inputs = { theta, gradient_before: gradient };
    return this.#run(await this.#training, batch, weight, inputs, { gradient });
  }

  async evaluate(batch: MicroBatch, weight: number, theta?: Float32Array): Promise<BatchResult> {
    this.#evaluation ??= this.#session(evaluationGraph);
    const other = theta && Tensor.over(this.options.runtime, 'float32', [this.layout.size], theta);
    try {
      return await this.#run(await this.#evaluation, batch, weight, { theta: other ?? this.#state.theta }, {});
    } finally {
      other?.release();
    }
  }

  step(step: number, settings: OptimizerSettings): { gradientNorm: number } {
    const inputs = Object.entries(adamwScalars(step, settings)).map(
      ([name, value]) => [name, this.#tensor('float32', [], Float32Array.of(value))] as const,
    );
    const norm = Tensor.zeros(this.options.runtime, 'float32', []);
    const { theta, m, v, gradient } = this.#state;
    try {
      this.optimizer.run(
        { ...Object.fromEntries(inputs), theta, m, v, gradient },
        { theta_next: theta, m_next: m, v_next: v, gradient_norm: norm },
      );
      this.gradient.fill(0);
      return { gradientNorm: norm.data[0]! };
    } finally {
      norm.release();
      for (const [, tensor] of inputs) tensor.release();
    }
  }

  /** Gives sessions and mapped weights back; the arrays stay readable. */
  async release(): Promise<void> {
    for (const session of [this.#training, this.#evaluation]) (await session)?.release();
    this.optimizer.release();
    for (const tensor of Object.values(this.#state)) tensor.release();
    this.shared.release();
    this.file.release();
  }

  async #run(
    session: Session,
    batch: MicroBatch,
    weight: number,
    state: Record<string, Tensor>,
    outputs: Record<string, Tensor>,
  ): Promise<BatchResult> {
    const { rows, columns, tokens, promptTokens, targetRows, labels } = batch;
    const { config } = this.options;
    const pooler = config.method === 'para' ? config.pooler : 'mean';
    const K = labels.length;
    const inputs: Record<string, Tensor> = {
      tokens: this.#tensor('int64', [rows, columns], tokens),
      pool_weights: this.#tensor('float32', [rows, 1, columns], poolWeights(pooler, promptTokens, columns)),
      rows: this.#tensor('int64', [K], targetRows),
      labels: this.#tensor('int64', [K], labels),
      weights: this.#tensor('float32', [K], new Float32Array(K).fill(weight)),
    };
    const loss = Tensor.zeros(this.options.runtime, 'float32', []);
    const predictions = Tensor.zeros(this.options.runtime, 'int64', [K]);
    const used = new Set(session.inputNames);
    const feeds = Object.fromEntries(Object.entries({ ...inputs, ...state }).filter(([name]) => used.has(name)));
    try {
      await session.runAsync(feeds, { loss, predictions, ...outputs });
      const predicted = predictions.data.slice();
      return {
        loss: loss.data[0]!,
        correct: predicted.reduce((count, token, i) => count + (token === labels[i] ? 1 : 0), 0),
        predictions: predicted,
      };
    } finally {
      for (const tensor of [...Object.values(inputs), loss, predictions]) tensor.release();
    }
  }

  #tensor<T extends ElementType>(dtype: T, shape: readonly number[], data: ElementView<T>): Tensor<T> {
    return Tensor.over(this.options.runtime, dtype, shape, data);
  }

  async #session(build: (options: AdaptedModelOptions) => Graph): Promise<Session> {
    const { model, config, session, runtime, recomputeAttention, operators = null } = this.options;
    const ownOperators = operators !== null;
    const g = build({ spec: model.spec, config, weight: this.weightSpec, recomputeAttention, ownOperators });
    if (ownOperators) useFrozenProducts(g);
    const settings: SessionOptions = { memoryPattern: false, operators: operators ? [operators] : [], ...session };
    const made = await runtime.createSessionAsync(
      { bytes: encodeModel(g), folder: this.folder },
      settings,
      this.shared,
    );
    this.file.dropPages(); // what ONNX Runtime multiplies by is packed now; our operators map what they read again
    return made;
  }
}
