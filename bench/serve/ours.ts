import type { AdapterConfig } from '@parapet/contracts/adapter';
import { cpuDevice } from '@parapet/inference/cpu-device';
import type { CpuKernels } from '@parapet/inference/cpu-kernels';
import type { Device, ModelRunner } from '@parapet/inference/device';
import { Engine } from '@parapet/inference/engine';
import { AdapterShelf, answer, request } from '@parapet/inference/testing';
import type { BaseModel } from '@parapet/models/open';
import { median } from '../harness/report.ts';
import { weightsFolder } from './folders.ts';

/** A decode step of the engine: when it ended, its rows, and its time inside ONNX Runtime. */
interface Step {
  at: number;
  rows: number;
  micros: number;
}

export interface Rate {
  tokensPerSecond: number;
  stepMs: number;
  /** Share of a step's time that is not spent in ONNX Runtime. */
  outsideShare: number;
}

/** Our side: the whole engine with its scheduler and sampling, every row of a tenant of its own. */
export class OurEngine {
  private constructor(
    readonly engine: Engine,
    readonly shelf: AdapterShelf,
    private readonly steps: Step[],
    private readonly cachedTokens: number,
    private readonly decodeSteps: number,
  ) {}

  static async start(
    model: BaseModel,
    kernels: CpuKernels | null,
    threads: number,
    cachedTokens: number,
    decodeSteps: number,
  ): Promise<OurEngine> {
    const steps: Step[] = [];
    const shelf = new AdapterShelf(model);
    // No token ends a turn here: every answer is as long as was asked.
    const tokenizer = Object.create(model.tokenizer, { eosId: { value: -1 } }) as BaseModel['tokenizer'];
    const engine = await Engine.create({
      model: { ...model, tokenizer },
      device: observed(cpuDevice({ threads, kernels }), steps),
      weights: 'int8',
      weightsFolder,
      maxRows: 32,
      maxQueue: 256,
      kvTokens: 65_536,
      adapterBytes: 4e9,
      adapters: shelf.fetch,
      onFailure: console.error,
    });
    return new OurEngine(engine, shelf, steps, cachedTokens, decodeSteps);
  }

  /** Decode rate of `rows` rows at the cached length; with a config each row has an adapter of its own. */
  async rate(rows: number, config: AdapterConfig | null): Promise<Rate> {
    const asked = Array.from({ length: rows }, (_, row) =>
      request({
        tenantId: `org_${row}`,
        adapter: config === null ? null : { digest: this.adapter(config, row), strength: 1 },
        prompt: { kind: 'tokens', tokens: this.prompt(row) },
        maxTokens: this.decodeSteps + rows * 3,
      }),
    );
    await Promise.all(
      asked.map((one) => answer(this.engine, { ...one, requestId: `${one.requestId}-warm`, maxTokens: 1 })),
    );
    const from = this.steps.length;
    const answers = await Promise.all(asked.map((one) => answer(this.engine, one)));
    const failed = answers.find(({ error }) => error !== null);
    if (failed !== undefined) throw new Error(failed.error!.message);
    return rateOf(this.steps.slice(from), rows);
  }

  /** Longest wait of 8 decoding rows for their next token while a prompt of that many tokens enters, and without one. */
  async stall(promptTokens: number): Promise<{ quietMs: number; enteringMs: number; prefillMs: number }> {
    const rows = 8;
    const asked = Array.from({ length: rows }, (_, row) =>
      request({ tenantId: `org_${row}`, prompt: { kind: 'tokens', tokens: this.prompt(row) }, maxTokens: 400 }),
    );
    const running = asked.map((one) => answer(this.engine, one));
    await this.reach((step) => step.rows === rows, 9); // the first came after the last row's own prompt
    const quiet = this.gaps(this.steps.length - 8);
    const from = this.steps.length;
    const long = Array.from({ length: promptTokens }, (_, i) => 1000 + ((i * 17) % 20_000));
    const start = performance.now();
    await answer(
      this.engine,
      request({ tenantId: 'org_long', prompt: { kind: 'tokens', tokens: long }, maxTokens: 1 }),
    );
    const prefillMs = performance.now() - start;
    const entering = this.gaps(from);
    for (const { requestId } of asked) this.engine.cancel(requestId);
    await Promise.all(running);
    return { quietMs: Math.max(...quiet), enteringMs: Math.max(...entering), prefillMs };
  }

  /** Milliseconds to load adapters that are not resident (from bytes in memory), and to have resident ones at hand. */
  async adapterTimes(config: AdapterConfig): Promise<{ coldMs: number; residentMs: number; bytesEach: number }> {
    const cold: number[] = [];
    const resident: number[] = [];
    let bytesEach = 0;
    for (let i = 0; i < 12; i++) {
      const digest = this.adapter(config, 5000 + i);
      const { adapters } = this.engine;
      const start = performance.now();
      const { bytes } = await adapters.acquire(digest);
      bytesEach = bytes;
      const loaded = performance.now();
      await adapters.acquire(digest);
      resident.push(performance.now() - loaded);
      cold.push(loaded - start);
      adapters.release(digest);
      adapters.release(digest);
    }
    return { coldMs: median(cold), residentMs: median(resident), bytesEach };
  }

  private readonly known = new Map<string, string>();

  private adapter(config: AdapterConfig, seed: number): string {
    const key = `${JSON.stringify(config)}${seed}`;
    const digest = this.known.get(key) ?? this.shelf.add(config, seed, 0.5);
    this.known.set(key, digest);
    return digest;
  }

  private prompt(row: number): number[] {
    return Array.from({ length: this.cachedTokens }, (_, i) => 1000 + ((row * 37 + i * 11) % 20_000));
  }

  private gaps(from: number): number[] {
    return this.steps.slice(from).map((step, i) => step.at - (this.steps[from + i - 1] ?? step).at);
  }

  private async reach(condition: (step: Step) => boolean, count: number): Promise<void> {
    const from = this.steps.length;
    while (this.steps.slice(from).filter(condition).length < count)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function rateOf(steps: readonly Step[], rows: number): Rate {
  const full: { ms: number; micros: number }[] = [];
  for (let i = 1; i < steps.length; i++) {
    if (steps[i]!.rows !== rows || steps[i - 1]!.rows !== rows) continue;
    full.push({ ms: steps[i]!.at - steps[i - 1]!.at, micros: steps[i]!.micros });
  }
  const stepMs = median(full.map(({ ms }) => ms));
  const inside = median(full.map(({ ms, micros }) => micros / 1000 / ms));
  return { tokensPerSecond: (rows / stepMs) * 1000, stepMs, outsideShare: 1 - inside };
}

function observed(device: Device, steps: Step[]): Device {
  return {
    ...device,
    async createRunner(options): Promise<ModelRunner> {
      const runner = await device.createRunner(options);
      const decode = runner.decode.bind(runner);
      runner.decode = async (rows) => {
        const result = await decode(rows);
        steps.push({ at: performance.now(), rows: rows.length, micros: result.micros });
        return result;
      };
      return runner;
    },
  };
}
