import type { AdapterConfig } from '@parapet/contracts/adapter';
import { choiceNames, recipeText } from '#text/en/recipe.ts';

const form = { ...choiceNames, rank: recipeText.rank };

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
