import { Runtime } from '@parapet/runtime';
import { CudaTrainer } from '../cuda/cuda-trainer.ts';
import type { fitMemory } from './memory-estimate.ts';
import { ModelTrainer } from './model-trainer.ts';
import type { TrainOptions } from './train.ts';
import type { Trainer } from './trainer.ts';

/** The trainer of the device that was asked for; never another one. */
export async function openTrainer(options: TrainOptions, memory: ReturnType<typeof fitMemory>): Promise<Trainer> {
  const { recipe, model, weightsFolder, accelerator } = options;
  const common = { model, config: recipe.adapter, seed: recipe.seed, weightsFolder };
  if (accelerator !== undefined) return CudaTrainer.create({ ...common, accelerator });
  return ModelTrainer.create({
    ...common,
    runtime: options.runtime ?? Runtime.open(),
    recomputeAttention: memory.recomputeAttention,
    operators: options.operators,
    session: { prepacking: memory.prepacking, ...options.session },
  });
}
