import type { VectorVariant } from '../../graph/decode-graph.ts';
import type { DecodeResult, DecodeRow } from '../device.ts';
import { usage } from './gpu.ts';
import type { GpuModel } from './gpu-model.ts';
import { bind } from './kernels.ts';
import { HeadPass, LayerPass, logitBytes, run } from './layer-pass.ts';
import { logitPitch, writeRow } from './layout.ts';
import type { GpuPageCache } from './page-cache.ts';

/** Layers that are submitted together: the device begins while the host still writes down the rest. */
const layersPerSubmit = 8;
const timestampBytes = 16;

/**
 * The decode step: everything from the rows' tokens to the chosen ones. Only rows go in; out come tokens, and the logits of
 * rows that the host chooses for.
 */
export class DecodeStep {
  private readonly pass: LayerPass;
  private readonly head: HeadPass;
  private readonly logits: GPUBuffer;
  private readonly chosen: GPUBuffer;
  private readonly sample: GPUBindGroup;
  private readonly output: GPUBuffer;
  /** Logits on their way to the host; made when first asked for, grown to the most rows that asked. */
  private logitOutput: GPUBuffer | null = null;
  private readonly times: { set: GPUQuerySet; resolved: GPUBuffer } | null;

  constructor(
    private readonly model: GpuModel,
    private readonly cache: GpuPageCache,
    scales: GPUBuffer,
    private readonly maxRows: number,
  ) {
    const { gpu, kernels } = model;
    this.pass = new LayerPass(model, cache, scales, maxRows);
    this.logits = gpu.buffer('logits', logitBytes(model, maxRows));
    this.chosen = gpu.buffer('chosen tokens', maxRows * 4);
    this.output = gpu.readback('chosen tokens, read back', timestampBytes + maxRows * 4);
    this.head = new HeadPass(model, this.pass.shape, this.pass.normed, this.logits);
    this.sample = bind(gpu, kernels.sample.layout, [this.pass.rows, this.logits, this.chosen]);
    this.times = gpu.hasTimestamps
      ? {
          set: gpu.device.createQuerySet({ type: 'timestamp', count: 2 }),
          resolved: gpu.buffer('timestamps', timestampBytes, usage.queryResolve),
        }
      : null;
  }

  /** Runs one step of slots 0 … rows−1. */
  async run(rows: readonly DecodeRow[], variant: VectorVariant): Promise<DecodeResult> {
    const { spec, widths } = this.model;
    const started = performance.now();
    for (const [slot, row] of rows.entries()) {
      writeRow(this.pass.inputView, slot, row, this.cache.extend(slot, row.tokens));
    }
    this.pass.start({
      ...{ rows: rows.length, scaled: variant, scaleBase: 0, scaleStride: spec.layers * widths.scales },
      ...{ tableBase: 0, tableStride: widths.maxPages },
    });
    const wanted = rows.flatMap(({ draw }, slot) => (draw ? [] : [slot]));
    this.submit(rows.length, wanted);
    const { times, tokens } = await this.readTokens(rows.length);
    const logits = wanted.length === 0 ? null : await this.readLogits(wanted);
    return {
      micros: times ?? Math.round((performance.now() - started) * 1000),
      greedy: (slot) => {
        if (rows[slot]?.draw) throw new Error('The device chose for this row: ask `sampled`.');
        return tokens[slot]!;
      },
      sampled: (slot) => (rows[slot]?.draw ? tokens[slot]! : null),
      logits: (slot) => {
        const row = logits?.get(slot);
        if (row === undefined) throw new Error('The device chose for this row: its logits were not fetched.');
        return row;
      },
    };
  }

  private submit(rows: number, wanted: readonly number[]): void {
    const { gpu, spec, kernels } = this.model;
    for (let layer = 0; layer < spec.layers; layer += layersPerSubmit) {
      const to = Math.min(layer + layersPerSubmit, spec.layers);
      const last = to === spec.layers;
      gpu.submit((encoder) => {
        const pass = encoder.beginComputePass(this.timing(layer === 0, last));
        if (layer === 0) this.pass.encodeEmbedding(pass, rows);
        for (let one = layer; one < to; one++) this.pass.encodeLayer(pass, one, rows);
        if (last) {
          this.pass.encodeFinalNorm(pass, rows);
          this.head.encode(pass, rows);
          run(pass, kernels.sample, this.sample, rows);
        }
        pass.end();
        if (last) this.encodeOutput(encoder, rows, wanted);
      });
    }
  }

  private timing(first: boolean, last: boolean): GPUComputePassDescriptor {
    if (this.times === null || !(first || last)) return {};
    return {
      timestampWrites: {
        querySet: this.times.set,
        beginningOfPassWriteIndex: first ? 0 : undefined,
        endOfPassWriteIndex: last ? 1 : undefined,
      },
    };
  }

  private encodeOutput(encoder: GPUCommandEncoder, rows: number, wanted: readonly number[]): void {
    if (this.times !== null) {
      encoder.resolveQuerySet(this.times.set, 0, 2, this.times.resolved, 0);
      encoder.copyBufferToBuffer(this.times.resolved, 0, this.output, 0, timestampBytes);
    }
    encoder.copyBufferToBuffer(this.chosen, 0, this.output, timestampBytes, rows * 4);
    if (wanted.length === 0) return;
    const target = this.logitTarget(wanted.length);
    const bytes = logitBytes(this.model, 1);
    for (const [i, slot] of wanted.entries()) {
      encoder.copyBufferToBuffer(this.logits, slot * bytes, target, i * bytes, bytes);
    }
  }

  private async readTokens(rows: number): Promise<{ times: number | null; tokens: Int32Array }> {
    const bytes = await this.model.gpu.read(this.output, timestampBytes + rows * 4);
    const tokens = new Int32Array(bytes, timestampBytes, rows);
    if (this.times === null) return { times: null, tokens };
    const [begin, end] = new BigUint64Array(bytes, 0, 2);
    return { times: Math.round(Number(end! - begin!) / 1000), tokens };
  }

  private async readLogits(wanted: readonly number[]): Promise<Map<number, Float32Array>> {
    const { gpu, spec } = this.model;
    const bytes = await gpu.read(this.logitTarget(wanted.length), logitBytes(this.model, wanted.length));
    const pitch = logitPitch(spec) * 4;
    return new Map(wanted.map((slot, i) => [slot, new Float32Array(bytes, i * pitch, spec.vocab)]));
  }

  private logitTarget(rows: number): GPUBuffer {
    const { gpu } = this.model;
    if (this.logitOutput === null || this.logitOutput.size < logitBytes(this.model, rows)) {
      if (this.logitOutput !== null) gpu.free(this.logitOutput);
      const room = Math.min(this.maxRows, 2 ** Math.ceil(Math.log2(rows)));
      this.logitOutput = gpu.readback('logits, read back', logitBytes(this.model, room));
    }
    return this.logitOutput;
  }
}
