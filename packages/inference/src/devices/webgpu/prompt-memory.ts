import { usage } from './gpu.ts';
import type { GpuModel } from './gpu-model.ts';
import { bind, type Kernel } from './kernels.ts';
import { HeadPass, LayerPass, logitBytes } from './layer-pass.ts';
import { bindingAlignment, shapeBytes } from './layout.ts';
import type { GpuPageCache } from './page-cache.ts';

/** Positions whose logits are there at once. */
export const logitRows = 64;
const growTokens = 512;

/** What the generator of one layer is dispatched with. */
export interface GeneratorGroups {
  poolScores: GPUBindGroup;
  pool: GPUBindGroup;
  makeScales: GPUBindGroup;
}

/** What depends on the longest prompt seen. */
interface Grown {
  pass: LayerPass;
  poolScores: GPUBuffer;
  groups: readonly GeneratorGroups[];
  head: HeadPass;
}

/** Device memory of the prompt on its way, grown to the longest one seen. One prompt at a time. */
export class PromptMemory {
  /** `Generator` of generator.wgsl. */
  readonly generator: GPUBuffer;
  readonly headShape: GPUBuffer;
  /** float32 `[logitRows, logitPitch]` */
  readonly logits: GPUBuffer;
  readonly logitOutput: GPUBuffer;
  /** float32 `[layers, scales]` on the way to the host. */
  readonly scaleOutput: GPUBuffer;
  private readonly pooled: GPUBuffer;
  private readonly layerNumbers: GPUBuffer;
  private grown: Grown | null = null;

  constructor(
    private readonly model: GpuModel,
    private readonly cache: GpuPageCache,
    private readonly scales: GPUBuffer,
  ) {
    const { gpu, spec, widths } = model;
    this.generator = gpu.buffer('generator', 32, usage.uniform);
    this.headShape = gpu.buffer('shape of the head', shapeBytes, usage.uniform);
    this.logits = gpu.buffer('logits of a prompt', logitBytes(model, logitRows));
    this.logitOutput = gpu.readback('logits of a prompt, read back', logitBytes(model, logitRows));
    this.scaleOutput = gpu.readback('scales, read back', spec.layers * widths.scales * 4);
    this.pooled = gpu.buffer('pooled', spec.width * 4);
    this.layerNumbers = gpu.buffer('layer numbers', spec.layers * bindingAlignment, usage.uniform);
    const numbers = new Uint32Array((spec.layers * bindingAlignment) / 4);
    for (let layer = 0; layer < spec.layers; layer++) numbers[(layer * bindingAlignment) / 4] = layer;
    gpu.upload(this.layerNumbers, numbers);
  }

  /** Room for a prompt. */
  reserve(tokens: number): Grown {
    if (this.grown !== null && tokens <= this.grown.pass.capacity) return this.grown;
    const { gpu, spec, widths, kernels } = this.model;
    if (this.grown !== null) {
      this.grown.pass.release();
      gpu.free(this.grown.poolScores);
    }
    const pass = new LayerPass(this.model, this.cache, this.scales, Math.ceil(tokens / growTokens) * growTokens);
    const poolScores = gpu.buffer('pool scores', pass.capacity * 4);
    const group = ({ layout }: Kernel, buffers: Parameters<typeof bind>[2]) => bind(gpu, layout, buffers);
    const groups = Array.from({ length: spec.layers }, (_, i): GeneratorGroups => {
      const layer = { buffer: this.layerNumbers, offset: i * bindingAlignment, size: 16 };
      const scales = { buffer: this.scales, offset: i * widths.scales * 4 };
      return {
        poolScores: group(kernels.poolScores, [layer, pass.normed, poolScores]),
        pool: group(kernels.pool, [pass.shape, this.generator, pass.normed, poolScores, this.pooled]),
        makeScales: group(kernels.makeScales, [pass.shape, this.generator, layer, this.pooled, scales]),
      };
    });
    const head = new HeadPass(this.model, this.headShape, pass.normed, this.logits);
    this.grown = { pass, poolScores, groups, head };
    return this.grown;
  }
}
