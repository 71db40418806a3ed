import type { Check } from '../doctor/check.ts';
import { checkCuda } from '../doctor/cuda.ts';
import { checkDisk, checkNode, checkPip, checkPort, checkProcessor } from '../doctor/host.ts';
import { checkKernels } from '../doctor/kernels.ts';
import { checkOnnxRuntime } from '../doctor/onnx-runtime.ts';
import { checkWebGpu } from '../doctor/webgpu.ts';
import { cliEnv } from '../env.ts';
import { heading, line } from '../terminal.ts';

const marks = { ok: '✓', absent: '–', broken: '✗' } as const;

/** Tells what works here and what to do about the rest. Exit code 1 only where something that is needed is broken. */
export async function run(): Promise<number> {
  const env = cliEnv();
  const needed = [
    checkNode(),
    checkProcessor(),
    checkDisk(env.dataDir),
    await checkPort('gateway', env.gatewayPort, 'PARAPET_PORT'),
    await checkPort('portal', env.portalPort, 'PARAPET_PORTAL_PORT'),
    ...checkOnnxRuntime(),
    checkKernels(env.dataDir),
  ];
  const cuda = checkCuda(env.cudaLibraries);
  print('This machine', needed);
  const webGpu = await checkWebGpu();
  print('GPU (optional)', [...cuda, webGpu]);
  print('Fetching the base model', [checkPip()]);
  const cudaWorks = cuda.some(({ name, state }) => name === 'CUDA on this card' && state === 'ok');
  const works = { cpu: true, cuda: cudaWorks, webgpu: webGpu.state === 'ok' }[env.device];
  heading('Devices');
  line('cpu: works');
  line(deviceLine(cuda));
  line(webGpu.state === 'ok' ? 'webgpu: works (PARAPET_DEVICE=webgpu)' : `webgpu: not usable: ${webGpu.detail}`);
  if (!works) line(`PARAPET_DEVICE is ${env.device}, which does not work here: the workers will refuse to start.`);
  const fatal = needed.some(({ state }) => state === 'broken') || !works;
  return fatal ? 1 : 0;
}

function deviceLine(cuda: readonly Check[]): string {
  const serving = cuda.find(({ name }) => name === 'CUDA on this card');
  if (serving?.state === 'ok') return 'cuda: works (PARAPET_DEVICE=cuda)';
  const reason = cuda.find(({ state }) => state !== 'ok');
  return `cuda: not usable: ${reason?.detail ?? 'unknown'}`;
}

function print(title: string, checks: readonly Check[]): void {
  heading(title);
  for (const { name, state, detail, advice } of checks) {
    line(`${marks[state]} ${name}: ${detail}`);
    if (advice !== undefined) line(`    ${advice}`);
  }
}
