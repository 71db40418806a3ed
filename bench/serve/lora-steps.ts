import { calibrateKv } from '@parapet/inference/calibrate-kv';
import { calibrationTexts } from '@parapet/inference/calibration';
import type { CpuKernels } from '@parapet/inference/cpu-kernels';
import { buildLoraDecodeGraph } from '@parapet/inference/lora-decode-graph';
import { openServingWeights, servedBlockSize } from '@parapet/inference/weights';
import type { BaseModel } from '@parapet/models/open';
import { encodeModel } from '@parapet/onnx-graph/encode';
import { Runtime, Tensor } from '@parapet/runtime';
import { median } from '../harness/report.ts';
import { weightsFolder } from './folders.ts';

/**
 * Milliseconds of a decode step with an unmerged LoRA of its own for every row, on our weights, cache format and
 * kernels: a bare graph, without scheduler and sampling, which favours LoRA.
 */
export async function loraStepMs(
  model: BaseModel,
  kernels: CpuKernels | null,
  rows: number,
  rank: number,
  cachedTokens: number,
  steps: number,
): Promise<number> {
  const { spec } = model;
  const runtime = Runtime.open();
  const weights = openServingWeights({
    ...{ model, kind: 'int8', folder: weightsFolder, blockSize: servedBlockSize },
    layout: kernels === null ? 'blocks' : 'panels',
  });
  const operators = kernels === null ? [] : [kernels.library];
  const cache = await calibrateKv(runtime, spec, weights, calibrationTexts(model), operators);
  const g = buildLoraDecodeGraph({ spec, weights, cache }, rank);
  const source = { bytes: encodeModel(g), folder: weights.folder };
  const session = runtime.createSession(source, { memoryPattern: false, operators });
  const binding = session.createBinding();
  const capacity = cachedTokens + steps + 8;
  const lengths = new Int32Array(rows);
  const total = new Int32Array(1);
  const owned: Tensor[] = [];
  const bind = (name: string, tensor: Tensor) => {
    owned.push(tensor);
    binding.bindInput(name, tensor);
    return tensor;
  };
  for (const input of g.inputs) {
    const shape = input.shape.map((dim) => (dim === 'B' ? rows : dim === 'capacity' ? capacity : Number(dim)));
    if (input.name === 'input_ids')
      bind(
        input.name,
        Tensor.over(
          runtime,
          'int64',
          shape,
          BigInt64Array.from({ length: rows }, (_, i) => BigInt(500 + i)),
        ),
      );
    else if (input.name === 'last_positions') bind(input.name, Tensor.over(runtime, 'int32', shape, lengths));
    else if (input.name === 'total_length') bind(input.name, Tensor.over(runtime, 'int32', shape, total));
    else if (input.name.startsWith('past_')) {
      const tensor = bind(input.name, Tensor.zeros(runtime, cache.type, shape));
      const present = input.name.replace('past_', 'present_');
      if (session.outputNames.includes(present)) binding.bindOutput(present, tensor);
    } else {
      const tensor = Tensor.zeros(runtime, 'float32', shape);
      for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = ((i * 2654435761) % 1000) * 1e-6;
      bind(input.name, tensor);
    }
  }
  const logits = Tensor.zeros(runtime, 'float32', [rows, 1, spec.vocab]);
  binding.bindOutput('logits', logits);
  const samples: number[] = [];
  for (let step = -3; step < steps; step++) {
    lengths.fill(cachedTokens + Math.max(step, 0));
    total[0] = lengths[0]! + 1;
    const start = performance.now();
    await binding.runAsync();
    if (step >= 0) samples.push(performance.now() - start);
  }
  binding.release();
  session.release();
  for (const tensor of owned) tensor.release();
  return median(samples);
}
