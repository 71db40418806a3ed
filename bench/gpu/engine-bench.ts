import type { GenerateRequest } from '@parapet/contracts/serve-worker';
import type { Device, ModelRunner, PromptScaling } from '@parapet/inference/device';
import { Engine } from '@parapet/inference/engine';
import { type AdapterShelf, answer, request } from '@parapet/inference/testing';
import type { BaseModel } from '@parapet/models/open';
import { median } from '../harness/report.ts';

/** One decode step as the engine lived it. */
interface Step {
  /** Milliseconds, when it ended. */
  at: number;
  rows: number;
  deviceMicros: number;
  /** Milliseconds within the runner. */
  runnerMs: number;
}

/** A device whose runner notes every step. */
export function observed(device: Device, steps: Step[], made: (runner: ModelRunner) => void): Device {
  return {
    kind: device.kind,
    name: device.name,
    weightKind: device.weightKind,
    async createRunner(options): Promise<ModelRunner> {
      const runner = await device.createRunner(options);
      made(runner);
      const decode = runner.decode.bind(runner);
      runner.decode = async (rows) => {
        const start = performance.now();
        const result = await decode(rows);
        const at = performance.now();
        steps.push({ at, rows: rows.length, deviceMicros: result.micros, runnerMs: at - start });
        return result;
      };
      return runner;
    },
  };
}

/** The model with no end-of-sequence token: every answer is as long as was asked. */
export function endless(model: BaseModel): BaseModel {
  const tokenizer = Object.create(model.tokenizer, { eosId: { value: -1 } }) as BaseModel['tokenizer'];
  return { ...model, tokenizer };
}

export interface EngineBench {
  model: BaseModel;
  engine: Engine;
  steps: Step[];
  shelf: AdapterShelf;
  runner: ModelRunner;
}

export async function startBench(
  model: BaseModel,
  device: Device,
  shelf: AdapterShelf,
  weightsFolder: string,
  maxRows: number,
  kvTokens: number,
): Promise<EngineBench> {
  const steps: Step[] = [];
  let runner: ModelRunner | null = null;
  const watched = observed(device, steps, (made) => {
    runner = made;
  });
  const engine = await Engine.create({
    ...{ model: endless(model), device: watched, weights: 'fp32', weightsFolder, maxRows, kvTokens },
    ...{ maxQueue: 1024, adapterBytes: 4e9, adapters: shelf.fetch, onFailure: console.error },
  });
  return { model, engine, steps, shelf, runner: runner! };
}

/** Tokens of a prompt that no other call gives. */
export function promptOf(model: BaseModel, length: number, seed: number): number[] {
  let state = seed * 2654435761 + 12345;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 5 + (state % (model.spec.vocab - 10));
  });
}

export interface DecodeFigures {
  /** Milliseconds from one step's end to the next, all rows in the batch: the engine's own time included. */
  stepMs: number;
  deviceMs: number;
  /** Milliseconds from the call to the device to its answer. */
  runnerMs: number;
  steps: number;
  longestGapMs: number;
}

let asked = 0;

export interface DecodeOptions {
  /** Tokens of each prompt, and of each answer. */
  prompt: number;
  fullSteps: number;
  sampling?: Partial<GenerateRequest['sampling']>;
  /** Runs while the rows decode. */
  during?: () => Promise<void>;
}

/** Decodes `rows` requests of `prompt` tokens together and times the steps in which all of them take part. */
export async function decodeFigures(
  bench: EngineBench,
  rows: number,
  digests: readonly string[] | null,
  { prompt, fullSteps, during, sampling }: DecodeOptions,
): Promise<DecodeFigures> {
  const { engine, model, steps } = bench;
  steps.length = 0;
  const requests = Array.from({ length: rows }, (_, i): GenerateRequest => {
    const adapter = digests === null ? null : { digest: digests[i % digests.length]!, strength: 1 };
    const tokens = promptOf(model, prompt, asked++);
    return request({
      tenantId: `org_${i}`,
      adapter,
      prompt: { kind: 'tokens', tokens },
      maxTokens: fullSteps,
      sampling,
    });
  });
  const answers = requests.map((one) => answer(engine, one));
  await during?.();
  await Promise.all(answers);
  const gaps: number[] = [];
  const device: number[] = [];
  const runner: number[] = [];
  for (let i = 1; i < steps.length; i++) {
    if (steps[i]!.rows !== rows || steps[i - 1]!.rows !== rows) continue;
    gaps.push(steps[i]!.at - steps[i - 1]!.at);
    device.push(steps[i]!.deviceMicros / 1000);
    runner.push(steps[i]!.runnerMs);
  }
  return {
    stepMs: median(gaps),
    deviceMs: median(device),
    runnerMs: median(runner),
    steps: gaps.length,
    longestGapMs: gaps.reduce((most, gap) => Math.max(most, gap), 0),
  };
}

/** Where a prompt's time goes, without the engine: milliseconds to give the work to the device, and for all of it. */
export async function promptAnatomy(runner: ModelRunner, tokens: readonly number[], scaling: PromptScaling) {
  const marks = [performance.now()];
  const run = runner.beginPrefill(0, tokens, scaling);
  marks.push(performance.now());
  const through = run.advance(run.remainingLayers);
  marks.push(performance.now());
  await through;
  marks.push(performance.now());
  run.scales();
  marks.push(performance.now());
  await run.lastLogits();
  marks.push(performance.now());
  run.release();
  runner.freeSlot(0);
  const [begin, enqueue, device, scales, logits] = marks.slice(1).map((at, i) => at - marks[i]!);
  return { begin, enqueue, device, scales, logits };
}

/** Milliseconds from the request to its first token, on an idle engine. */
export async function firstTokenMs(bench: EngineBench, prompt: number, digest: string | null): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < 12; i++) {
    const tokens = promptOf(bench.model, prompt, 50_000 + asked++);
    const adapter = digest === null ? null : { digest, strength: 1 };
    const one = request({ adapter, prompt: { kind: 'tokens', tokens }, maxTokens: 2 });
    const start = performance.now();
    for await (const event of await bench.engine.generate(one)) {
      if (event.type !== 'text') continue;
      samples.push(performance.now() - start);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return median(samples.slice(2));
}
