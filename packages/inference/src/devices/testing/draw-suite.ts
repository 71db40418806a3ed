import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinyModel } from '@parapet/models/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openServingWeights } from '../../weights/serving-weights.ts';
import type { Draw, ModelRunner, RunnerOptions } from '../device.ts';

/** The draw as its definition reads: cut by rank, by mass of the whole, by share of the peak; then walk by id. */
function expectedDraw(logits: Float32Array, { temperature, topK, topP, minP, uniform }: Draw): number {
  const peak = Math.max(...logits);
  const weights = Array.from(logits, (x) => Math.exp((x - peak) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  const order = weights.map((_, i) => i).sort((a, b) => weights[b]! - weights[a]!);
  const kept = new Set<number>();
  let mass = 0;
  for (const [rank, id] of order.entries()) {
    if (topK > 0 && rank >= topK) break;
    if (topP < 1 && mass >= topP * total) break;
    if (weights[id]! < minP) break;
    kept.add(id);
    mass += weights[id]!;
  }
  let passed = 0;
  for (const [id, weight] of weights.entries()) {
    if (!kept.has(id)) continue;
    passed += weight;
    if (passed > uniform * mass) return id;
  }
  return order[0]!;
}

const cuts = [
  { temperature: 1, topK: 0, topP: 1, minP: 0 },
  { temperature: 0.7, topK: 5, topP: 1, minP: 0 },
  { temperature: 1.3, topK: 0, topP: 0.8, minP: 0 },
  { temperature: 1, topK: 0, topP: 1, minP: 0.2 },
  { temperature: 0.9, topK: 12, topP: 0.6, minP: 0.05 },
];

/** A first token of a row, drawn; and the logits it was drawn from. */
export type DrawnToken = { drawn: number | null; logits: Float32Array };

/** Tests, within a `describe`, that a device draws tokens as the definition does. `ask` has slot 0 free. */
export function holdDrawsToDefinition(
  create: (options: RunnerOptions) => Promise<ModelRunner>,
  ask: (runner: ModelRunner, token: number, draw: Draw) => Promise<DrawnToken>,
): void {
  const model = tinyModel(5, { headDim: 16, heads: 2, kvHeads: 1, width: 32, ffn: 32, layers: 1 });
  let runner: ModelRunner;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parapet-draw-'));
    const weights = openServingWeights({ model, kind: 'fp32', folder, blockSize: 32 });
    runner = await create({ spec: model.spec, weights, maxRows: 1, kvTokens: 256 });
  }, 60_000);

  afterAll(async () => await runner.close());

  it.each(cuts)(
    'are those of the definition: %o',
    async (cut) => {
      let near = 0;
      for (let i = 0; i < 5; i++) {
        const draw = { ...cut, uniform: (i + 0.5) / 5 };
        runner.freeSlot(0);
        const { drawn, logits } = await ask(runner, 40 + i, draw);
        const expected = expectedDraw(logits, draw);
        const shifted = [-1e-5, 1e-5].map((by) => expectedDraw(logits, { ...draw, uniform: draw.uniform + by }));
        if (shifted.some((id) => id !== expected))
          near += 1; // rounding may decide such a one
        else expect(drawn).toBe(expected);
      }
      expect(near).toBeLessThan(2);
    },
    60_000,
  );
}
