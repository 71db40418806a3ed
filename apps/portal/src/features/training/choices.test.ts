import { jobChoicesSchema } from '@parapet/contracts/portal/jobs';
import { describe, expect, it } from 'vitest';
import { initialChoices, toJobChoices } from './choices.ts';

describe('toJobChoices', () => {
  it('leaves what is empty to the platform', () => {
    const choices = toJobChoices({ ...initialChoices, trainingFileId: 'file-1' });
    expect(jobChoicesSchema.parse(choices)).toMatchObject({
      adapter: 'auto',
      epochs: 'auto',
      validationFileId: null,
      maxSteps: null,
      suffix: null,
    });
  });

  it('says what was filled in, in the wire’s own form', () => {
    const choices = toJobChoices({
      ...initialChoices,
      trainingFileId: 'file-1',
      method: 'lora',
      linears: 'q, up nonsense',
      rank: '8',
      epochs: '2.5',
      seed: '7',
    });
    expect(jobChoicesSchema.parse(choices)).toMatchObject({
      adapter: { method: 'lora', linears: ['q', 'up'], rank: 8, alpha: 16 },
      epochs: 2.5,
      seed: 7,
    });
  });
});
