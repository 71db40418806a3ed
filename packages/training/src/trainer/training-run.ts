import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ParapetError } from '@parapet/contracts/errors';
import type { StepMetrics } from '@parapet/contracts/recipe';
import { encodeAdapter } from '@parapet/para/adapter-file';
import { BatchPlan, microBatches } from '../dataset/batches.ts';
import { encodeRows, type TrainingSequence } from '../dataset/encode-rows.ts';
import { tensorsOf } from '../graph/flat-parameters.ts';
import { readCheckpoint, type TrainingState, writeAtomically, writeCheckpoint } from './checkpoint.ts';
import type { fitMemory } from './memory-estimate.ts';
import { openTrainer } from './open-trainer.ts';
import { chooseMemory, runDigestOf, warmStartNumbers } from './run-inputs.ts';
import { samplePredictions } from './sample-predictions.ts';
import { learningRate, totalSteps, validationInterval } from './schedule.ts';
import type { TrainingOutcome, TrainOptions, WrittenCheckpoint } from './train.ts';
import type { Trainer } from './trainer.ts';
import { validate } from './validate.ts';

/** One run from its rows to its outcome: steps, validations, checkpoints. */
export class TrainingRun {
  readonly #plan: BatchPlan;
  readonly #steps: number;
  readonly #validateEvery: number;
  readonly #validation;
  #state: Omit<TrainingState, 'theta' | 'm' | 'v'>;
  /** Tokens and seconds of this process alone, for speed and time left. */
  #tokens = 0;
  #seconds = 0;
  #checkpointedAt = performance.now();

  private constructor(
    private readonly options: TrainOptions,
    private readonly trainer: Trainer,
    private readonly data: { train: readonly TrainingSequence[]; valid: readonly TrainingSequence[] },
    private readonly memory: ReturnType<typeof fitMemory>,
    private readonly runDigest: string,
  ) {
    const { recipe } = options;
    const lengths = data.train.map((sequence) => sequence.tokens.length);
    this.#plan = new BatchPlan(lengths, recipe.batchSize, recipe.seed);
    this.#steps = totalSteps(recipe, this.#plan.stepsPerEpoch);
    const total = lengths.reduce((sum, n) => sum + n, 0);
    const validTokens = data.valid.reduce((sum, sequence) => sum + sequence.tokens.length, 0);
    this.#validateEvery = validationInterval(
      this.#steps,
      this.#plan.stepsPerEpoch,
      total / this.#plan.stepsPerEpoch,
      validTokens,
    );
    this.#validation = microBatches(data.valid, memory.limits);
    const progress = {
      version: 1 as const,
      runDigest,
      step: 0,
      trainedTokens: 0,
      staleValidations: 0,
      best: null,
      metrics: null,
    };
    this.#state = { progress, best: null };
  }

  static async open(options: TrainOptions): Promise<TrainingRun> {
    const { recipe, model } = options;
    const encode = (rows: TrainOptions['trainRows']) =>
      encodeRows(rows, model, Math.min(recipe.maxSequenceTokens, model.spec.context));
    const data = { train: await encode(options.trainRows), valid: await encode(options.validRows) };
    if (data.train.length === 0) {
      throw new ParapetError('invalid_training_file', 'The training data has no rows. Give at least one.');
    }
    const memory = chooseMemory(options, [...data.train, ...data.valid]);
    const trainer = await openTrainer(options, memory);
    const run = new TrainingRun(options, trainer, data, memory, runDigestOf(recipe, model.digest, data));
    try {
      await run.#begin();
    } catch (error) {
      await run.release();
      throw error;
    }
    return run;
  }

  release(): Promise<void> {
    return this.trainer.release();
  }

  async execute(): Promise<TrainingOutcome> {
    const { signal, shouldPause } = this.options;
    let stoppedEarly = false;
    while (this.#state.progress.step < this.#steps && !stoppedEarly) {
      if (signal?.aborted) return { status: 'cancelled' };
      if (shouldPause?.()) return { status: 'paused', checkpoint: await this.#checkpoint() };
      const metrics = await this.#step();
      stoppedEarly = await this.#validateIfDue(metrics);
      this.#state.progress.metrics = metrics;
      await this.options.onMetrics?.(metrics);
      if (this.#checkpointDue()) await this.#checkpoint();
    }
    return this.#finish(stoppedEarly);
  }

  async #begin(): Promise<void> {
    const { resumeFrom, recipe, warmStart, model } = this.options;
    const { estimate, limits, prepacking, fits } = this.memory;
    const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
    await this.#say(
      fits ? 'info' : 'warn',
      `${this.data.train.length} training sequences, ${this.#steps} steps of ${recipe.batchSize}; up to ` +
        `${limits.maxTokens} tokens at once${prepacking ? '' : ', without packed weights'}, about ` +
        `${gigabytes(estimate.total)} GB of memory${fits ? '' : ', more than is free'}.`,
    );
    if (resumeFrom) {
      const { theta, m, v, ...state } = await readCheckpoint(resumeFrom, this.runDigest);
      this.trainer.load({ theta, m, v });
      this.#state = state;
      await this.#say('info', `Resumed at step ${state.progress.step} of ${this.#steps}.`);
    } else if (recipe.warmStartDigest !== null) {
      this.trainer.load({ theta: warmStartNumbers(recipe, warmStart, model, this.trainer) });
    }
  }

  /** One optimiser step: micro-batches accumulated, then AdamW. */
  async #step(): Promise<StepMetrics> {
    const { recipe } = this.options;
    const { progress } = this.#state;
    const began = performance.now();
    const sequences = this.#plan.batch(progress.step).map((i) => this.data.train[i]!);
    const batches = microBatches(sequences, this.memory.limits);
    const targets = batches.reduce((sum, batch) => sum + batch.labels.length, 0);
    const tokens = batches.reduce((sum, batch) => sum + batch.tokenCount, 0);
    let loss = 0;
    let correct = 0;
    for (const batch of batches) {
      const result = await this.trainer.accumulate(batch, 1 / targets);
      loss += result.loss;
      correct += result.correct;
    }
    progress.step += 1;
    const rate = learningRate(recipe, progress.step, this.#steps);
    const { weightDecay, clipNorm } = recipe;
    const { gradientNorm } = this.trainer.step(progress.step, { learningRate: rate, weightDecay, clipNorm });
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new ParapetError(
        'unprocessable',
        `Training diverged at step ${progress.step}: the loss is no longer a number. Use a smaller learning rate than ${recipe.learningRate}.`,
      );
    }
    progress.trainedTokens += tokens;
    this.#tokens += tokens;
    this.#seconds += (performance.now() - began) / 1000;
    const tokensPerSecond = this.#tokens / this.#seconds;
    const perStep = progress.trainedTokens / progress.step;
    return {
      step: progress.step,
      totalSteps: this.#steps,
      epoch: progress.step / this.#plan.stepsPerEpoch,
      trainLoss: loss,
      trainTokenAccuracy: correct / targets,
      learningRate: rate,
      gradNorm: gradientNorm,
      tokensPerSecond,
      trainedTokens: progress.trainedTokens,
      etaSeconds: ((this.#steps - progress.step) * perStep) / tokensPerSecond,
      memoryBytes: process.memoryUsage.rss(),
      validLoss: null,
      validTokenAccuracy: null,
    };
  }

  /** Validates where it is due, keeps the best numbers. True = patience is at its end. */
  async #validateIfDue(metrics: StepMetrics): Promise<boolean> {
    if (this.#validation.length === 0) return false;
    if (metrics.step % this.#validateEvery !== 0 && metrics.step !== this.#steps) return false;
    const { loss, tokenAccuracy } = await validate(this.trainer, this.#validation);
    metrics.validLoss = loss;
    metrics.validTokenAccuracy = tokenAccuracy;
    const { progress } = this.#state;
    if (progress.best === null || loss < progress.best.validLoss) {
      progress.best = { step: metrics.step, validLoss: loss };
      progress.staleValidations = 0;
      this.#state.best = this.trainer.theta.slice();
      return false;
    }
    progress.staleValidations += 1;
    const patience = this.options.recipe.earlyStoppingPatience;
    const stop = patience !== null && progress.staleValidations >= patience && metrics.step < this.#steps;
    if (stop) {
      await this.#say('info', `Stopped at step ${metrics.step}: ${patience} validations without improvement.`);
    }
    return stop;
  }

  #checkpointDue(): boolean {
    const { checkpointSeconds = 60, checkpointSteps } = this.options;
    if (this.#state.progress.step === this.#steps) return false;
    if (checkpointSteps !== undefined && this.#state.progress.step % checkpointSteps === 0) return true;
    return performance.now() - this.#checkpointedAt > checkpointSeconds * 1000;
  }

  async #checkpoint(): Promise<WrittenCheckpoint> {
    const { theta, m, v } = this.trainer;
    const { step, metrics } = this.#state.progress;
    const statePath = join(this.options.workDir, 'state.safetensors');
    const stateDigest = await writeCheckpoint(statePath, { ...this.#state, theta, m, v });
    const adapter = await this.#writeAdapter(join(this.options.workDir, 'checkpoint-adapter.safetensors'), theta);
    const written = { step, statePath, stateDigest, ...adapter, metrics };
    this.#checkpointedAt = performance.now();
    await this.options.onCheckpoint?.(written);
    return written;
  }

  async #finish(stoppedEarly: boolean): Promise<TrainingOutcome> {
    const { progress, best } = this.#state;
    const theta = best ?? this.trainer.theta;
    const adapter = await this.#writeAdapter(join(this.options.workDir, 'adapter.safetensors'), theta);
    if (this.options.onSample) {
      const samples = samplePredictions(
        this.trainer,
        this.data,
        this.options.model,
        this.memory.limits,
        theta,
        this.options.recipe,
      );
      for await (const sample of samples) await this.options.onSample({ step: progress.step, ...sample });
    }
    return {
      status: 'succeeded',
      ...adapter,
      steps: progress.step,
      trainedTokens: progress.trainedTokens,
      finalMetrics: progress.metrics!,
      bestStep: progress.best?.step ?? progress.step,
      stoppedEarly,
    };
  }

  async #writeAdapter(path: string, theta: Float32Array): Promise<{ adapterPath: string; adapterDigest: string }> {
    const { recipe, model, baseModel } = this.options;
    const identity = { config: recipe.adapter, baseDigest: model.digest, baseModel };
    const bytes = encodeAdapter(identity, model.spec, tensorsOf(theta, this.trainer.layout));
    await writeAtomically(path, bytes);
    return { adapterPath: path, adapterDigest: createHash('sha256').update(bytes).digest('hex') };
  }

  async #say(level: 'info' | 'warn' | 'error', message: string): Promise<void> {
    await this.options.onMessage?.(level, message);
  }
}
