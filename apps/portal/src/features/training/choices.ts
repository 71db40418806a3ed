import type { AdapterConfig } from '@parapet/contracts/adapter';
import type { JobChoices } from '@parapet/contracts/portal/jobs';

/** The form as it is filled in: text, and '' wherever the choice is left to Parapet. */
export type FormChoices = {
  trainingFileId: string;
  validationFileId: string;
  baseModel: string;
  suffix: string;
  method: '' | 'para' | 'lora' | 'ia3';
  targets: 'qvu' | 'wide';
  bias: boolean;
  rank: string;
  pooler: 'mean' | 'last' | 'attention' | 'max';
  activation: 'gelu' | 'silu' | 'rational';
  linears: string;
  epochs: string;
  batchSize: string;
  learningRateMultiplier: string;
  maxSteps: string;
  earlyStoppingPatience: string;
  seed: string;
  warmStartFrom: string;
};

export const initialChoices: FormChoices = {
  trainingFileId: '',
  validationFileId: '',
  baseModel: '',
  suffix: '',
  method: '',
  targets: 'qvu',
  bias: false,
  rank: '',
  pooler: 'mean',
  activation: 'gelu',
  linears: 'q, v, up',
  epochs: '',
  batchSize: '',
  learningRateMultiplier: '',
  maxSteps: '',
  earlyStoppingPatience: '',
  seed: '',
  warmStartFrom: '',
};

const number = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));
const linearNames = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;

function adapter(form: FormChoices): 'auto' | AdapterConfig {
  switch (form.method) {
    case '':
      return 'auto';
    case 'ia3':
      return { method: 'ia3' };
    case 'lora': {
      const rank = number(form.rank) ?? 16;
      const linears = linearNames.filter((name) => form.linears.split(/[\s,]+/).includes(name));
      return { method: 'lora', linears, rank, alpha: rank * 2 };
    }
    case 'para':
      return {
        method: 'para',
        targets: form.targets,
        bias: form.bias,
        rank: number(form.rank) ?? 12,
        pooler: form.pooler,
        activation: form.activation,
      };
  }
}

/** What the gateway is asked; it alone judges the values. */
export function toJobChoices(form: FormChoices): JobChoices {
  return {
    trainingFileId: form.trainingFileId,
    validationFileId: form.validationFileId || null,
    baseModel: form.baseModel || undefined,
    suffix: form.suffix.trim() || null,
    adapter: adapter(form),
    epochs: number(form.epochs) ?? 'auto',
    batchSize: number(form.batchSize) ?? 'auto',
    learningRateMultiplier: number(form.learningRateMultiplier) ?? 'auto',
    maxSteps: number(form.maxSteps) ?? null,
    earlyStoppingPatience: number(form.earlyStoppingPatience) ?? null,
    seed: number(form.seed),
    warmStartFrom: form.warmStartFrom || null,
    metadata: {},
  };
}
