import { readFileSync } from 'node:fs';
import { type AdapterConfig, adapterConfigSchema } from '@parapet/contracts/adapter';
import { Random } from '@parapet/models/random';
import type { ModelSpec } from '@parapet/models/spec';
import { z } from 'zod';
import type { AdapterTensors } from '../init.ts';
import { adapterTensors } from '../tensors.ts';

/** The base model of the cases: `tinyModel(gradientModelSeed)`. */
export const gradientModelSeed = 1;

/** Two rows; tokens behind a row's length are padding, the loss is the mean over all completion tokens. */
export const gradientBatch = {
  tokens: [
    [5, 80, 200, 7, 9, 30],
    [11, 12, 90, 250, 33, 0],
  ],
  lengths: [6, 5],
  promptTokens: [3, 2],
};

const configs: Record<string, object> = {
  para: { method: 'para', rank: 3 },
  'para-wide-last': { method: 'para', rank: 3, targets: 'wide', bias: true, pooler: 'last', activation: 'silu' },
  'para-attention-rational': { method: 'para', rank: 2, pooler: 'attention', activation: 'rational' },
  'para-max': { method: 'para', rank: 2, pooler: 'max' },
  lora: { method: 'lora', rank: 2, alpha: 4, linears: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] },
  ia3: { method: 'ia3' },
};

export type GradientCase = { name: string; config: AdapterConfig; tensors: AdapterTensors };

/** One case a method and option, with random numbers in every tensor, so that no gradient is zero. */
export function gradientCases(spec: ModelSpec): GradientCase[] {
  return Object.entries(configs).map(([name, object]) => {
    const config = adapterConfigSchema.parse(object);
    const random = new Random(7);
    const tensors: AdapterTensors = new Map();
    for (const [key, { shape }] of adapterTensors(config, spec))
      tensors.set(
        key,
        random.normals(
          shape.reduce((product, size) => product * size, 1),
          0.3,
        ),
      );
    return { name, config, tensors };
  });
}

const goldenSchema = z.object({
  /** `tinyModel(gradientModelSeed).digest`: another model has other gradients. */
  base_digest: z.string(),
  cases: z.record(
    z.string(),
    z.object({
      loss: z.number(),
      /** ∂loss/∂tensor by tensor name, in the tensor's order. */
      gradients: z.record(z.string(), z.array(z.number())),
    }),
  ),
});

/** Losses and gradients of the cases by PyTorch autograd in float64 (tooling/golden/make_gradients.py). */
export function goldenGradients(): z.infer<typeof goldenSchema> {
  return goldenSchema.parse(JSON.parse(readFileSync(new URL('../../golden/gradients.json', import.meta.url), 'utf8')));
}
