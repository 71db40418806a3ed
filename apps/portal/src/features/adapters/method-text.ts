import type { AdapterConfig } from '@parapet/contracts/adapter';
import { training } from '#text/en/training.ts';

const { form } = training;

/** An adapter's architecture in a few words: "PARA · Query, Value, Up · rank 12". */
export function methodText(config: AdapterConfig): string {
  const rank = (value: number) => `${form.rank.toLowerCase()} ${value}`;
  switch (config.method) {
    case 'para':
      return [form.methods.para, form.targetNames[config.targets], rank(config.rank)].join(' · ');
    case 'lora':
      return [form.methods.lora, config.linears.join(', '), rank(config.rank)].join(' · ');
    case 'ia3':
      return form.methods.ia3;
  }
}
