import type { DecodeRow } from '@parapet/inference/device';
import { Gpu, type GpuOptions } from '@parapet/inference/webgpu';
import { WebGpuRunner } from '@parapet/inference/webgpu-runner';
import { openServingWeights, servedBlockSize } from '@parapet/inference/weights';
import type { BaseModel } from '@parapet/models/open';
import { median } from '../harness/report.ts';
import { promptOf } from './engine-bench.ts';

/**
 * Where a decode step's time goes on the device: milliseconds of the whole step, of the host's own part of it, and what the
 * step loses when one kind of kernel is left out.
 */
export async function stepAnatomy(
  model: BaseModel,
  options: GpuOptions,
  weightsFolder: string,
  rows: number,
  tokens: number,
  rounds: number,
): Promise<Record<string, number>> {
  const gpu = await Gpu.open(options);
  const left = leaveOut(gpu.device);
  const weights = openServingWeights({ model, kind: 'fp32', folder: weightsFolder, blockSize: servedBlockSize });
  const kvTokens = (rows + 1) * (tokens + 32);
  const runner = await WebGpuRunner.create(gpu, 'float16', { spec: model.spec, weights, maxRows: rows, kvTokens });
  for (let slot = 0; slot < rows; slot++) {
    const run = runner.beginPrefill(slot, promptOf(model, tokens - 1, slot), { kind: 'base' });
    await run.advance(run.remainingLayers);
    run.release();
  }
  const draw = { temperature: 0, topK: 0, topP: 1, minP: 0, uniform: 0 };
  const batch = Array.from({ length: rows }, (): DecodeRow => ({ token: 5, tokens, draw }));
  const time = async () => {
    const device: number[] = [];
    const host: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      const step = runner.decode(batch);
      host.push(performance.now() - start);
      device.push((await step).micros / 1000);
      whole.push(performance.now() - start);
    }
    return { device: median(device), host: median(host), whole: median(whole) };
  };
  const all = await time();
  const figures: Record<string, number> = { ...all };
  for (const label of left.labels()) {
    left.drop = label;
    figures[label] = all.device - (await time()).device;
  }
  left.drop = '*';
  figures['nothing but barriers'] = (await time()).device;
  await runner.close();
  return figures;
}

/** Makes a device's compute passes skip the dispatches of one pipeline; '*' = of all. */
function leaveOut(device: GPUDevice): { drop: string | null; labels(): string[] } {
  const seen = new Set<string>();
  const control = { drop: null as string | null, labels: () => [...seen] };
  const createEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => {
      const pass = begin(passDescriptor);
      const setPipeline = pass.setPipeline.bind(pass);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      let label = '';
      pass.setPipeline = (pipeline) => {
        label = pipeline.label;
        seen.add(label);
        setPipeline(pipeline);
      };
      pass.dispatchWorkgroups = (x, y, z) => {
        if (control.drop !== label && control.drop !== '*') dispatch(x, y, z);
      };
      return pass;
    };
    return encoder;
  };
  return control;
}
