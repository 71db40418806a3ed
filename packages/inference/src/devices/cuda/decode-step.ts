import { deviceTypeBytes, int32, type PinnedMemory, pointer, type Recording } from '@parapet/runtime/accelerator';
import type { VectorVariant } from '../../graph/decode-graph.ts';
import type { DecodeResult, DecodeRow } from '../device.ts';
import {
  type DeviceModel,
  multiplyHead,
  runFinalNorm,
  runLayer,
  scaleSource,
  type Workspace,
  workspaceBytesPerRow,
} from './layers.ts';
import { Arena, rowBytes, threads } from './layout.ts';
import type { PageCache } from './page-cache.ts';

/** Numbers of rows that a step is recorded for; a batch runs in the next larger one, the rest of it idle. */
export function rowBuckets(maxRows: number): number[] {
  const sizes = [1, 2, 4, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128];
  for (let size = 160; size < maxRows; size += 32) sizes.push(size);
  return [...sizes.filter((size) => size < maxRows), maxRows];
}

/**
 * The decode step: everything from the rows' tokens to the chosen ones, recorded once a number of rows and variant and
 * started as one piece of work. Only rows go in and only tokens come out.
 */
export class DecodeStep {
  private readonly arena: Arena;
  private readonly work: Workspace;
  private readonly rows: bigint;
  private readonly chosen: bigint;
  private readonly logits: bigint;
  private readonly input: PinnedMemory;
  private readonly output: PinnedMemory;
  private readonly inputView: DataView;
  private readonly outputView: Int32Array;
  private readonly recordings = new Map<string, Recording>();
  private readonly buckets: number[];

  constructor(
    private readonly model: DeviceModel,
    private readonly cache: PageCache,
    /** `[layers, maxRows, scales]` */
    private readonly scales: bigint,
    private readonly maxRows: number,
  ) {
    const { accelerator, spec, widths, type } = model;
    this.arena = new Arena(accelerator);
    const take = (bytes: number) => this.arena.take(bytes);
    const parts = Object.entries(workspaceBytesPerRow(spec, widths, deviceTypeBytes[type]));
    this.work = Object.fromEntries(parts.map(([name, bytes]) => [name, take(bytes * maxRows)])) as unknown as Workspace;
    this.rows = take(maxRows * rowBytes);
    this.chosen = take(maxRows * 4);
    this.logits = take(maxRows * spec.vocab * 4);
    this.input = accelerator.allocatePinned(maxRows * rowBytes);
    this.output = accelerator.allocatePinned(maxRows * 4);
    this.inputView = new DataView(this.input.bytes.buffer, this.input.bytes.byteOffset, this.input.bytes.byteLength);
    this.outputView = new Int32Array(this.output.bytes.buffer, this.output.bytes.byteOffset, maxRows);
    this.buckets = rowBuckets(maxRows);
  }

  /** Records every number of rows of a variant, so that no request waits for it. */
  prepare(variant: VectorVariant): void {
    for (const bucket of this.buckets) this.recording(bucket, variant);
  }

  /** Runs one step of slots 0 … rows−1. */
  async run(rows: readonly DecodeRow[], variant: VectorVariant): Promise<DecodeResult> {
    const { accelerator, spec } = this.model;
    const bucket = this.buckets.find((size) => size >= rows.length)!;
    const recording = this.recording(bucket, variant);
    for (let slot = 0; slot < bucket; slot++) {
      const row = rows[slot];
      this.write(slot, row ?? null, row === undefined ? -1 : this.cache.extend(slot, row.tokens));
    }
    accelerator.mark('start');
    recording.launch();
    accelerator.mark('end');
    await accelerator.idle();
    return {
      micros: accelerator.elapsedMicros(),
      greedy: (slot) => this.outputView[slot]!,
      sampled: (slot) => (rows[slot]?.draw ? this.outputView[slot]! : null),
      logits: (slot) => {
        const row = new Float32Array(spec.vocab);
        accelerator.download(row, this.logits + BigInt(slot * spec.vocab * 4));
        return row;
      },
    };
  }

  close(): void {
    const { accelerator } = this.model;
    for (const recording of this.recordings.values()) recording.release();
    accelerator.freePinned(this.input);
    accelerator.freePinned(this.output);
    this.arena.release();
  }

  /** `Row` in decoder.cu. */
  private write(slot: number, row: DecodeRow | null, newPage: number): void {
    const at = slot * rowBytes;
    const view = this.inputView;
    const draw = row?.draw ?? null;
    view.setInt32(at, row?.token ?? 0, true);
    view.setInt32(at + 4, row?.tokens ?? 0, true);
    view.setInt32(at + 8, newPage, true);
    view.setFloat32(at + 12, draw?.temperature ?? 0, true);
    view.setInt32(at + 16, draw?.topK ?? 0, true);
    view.setFloat32(at + 20, draw?.topP ?? 1, true);
    view.setFloat32(at + 24, draw?.minP ?? 0, true);
    view.setFloat32(at + 28, draw?.uniform ?? 0, true);
  }

  private recording(bucket: number, variant: VectorVariant): Recording {
    const key = `${variant}-${bucket}`;
    let recording = this.recordings.get(key);
    if (recording === undefined) {
      for (let slot = 0; slot < bucket; slot++) this.write(slot, null, -1);
      this.enqueue(bucket, variant); // once for real: libraries load their kernels at the first call, which can't be recorded
      recording = this.model.accelerator.record(() => this.enqueue(bucket, variant));
      this.recordings.set(key, recording);
    }
    return recording;
  }

  private enqueue(rows: number, variant: VectorVariant): void {
    const { model, cache, work } = this;
    const { accelerator, kernels, spec, widths, weights } = model;
    accelerator.copyIn(this.rows, this.input, rows * rowBytes);
    const start = [pointer(this.rows), pointer(weights.embed), pointer(work.hidden), pointer(cache.tables)];
    accelerator.launch(kernels.beginStep, [rows], threads.any, start);
    const scales = scaleSource(model, this.scales, this.maxRows, 0, variant, widths.scales);
    for (let layer = 0; layer < spec.layers; layer++) {
      runLayer(model, work, rows, layer, scales, () => {
        accelerator.launch(kernels.attend, [spec.kvHeads, rows], this.attentionThreads, [
          ...[pointer(this.rows), pointer(work.qkv), pointer(scales.at(layer, 'qkv')), int32(scales.stride)],
          ...[pointer(weights.cos), pointer(weights.sin), pointer(cache.tables)],
          ...[pointer(cache.keys(layer)), pointer(cache.values(layer)), pointer(work.attended)],
        ]);
      });
    }
    runFinalNorm(model, work, rows, scales);
    multiplyHead(model, work.normed, rows, this.logits);
    const args = [pointer(this.rows), pointer(this.logits), pointer(this.chosen)];
    accelerator.launch(kernels.sample, [rows], threads.sample, args);
    accelerator.copyOut(this.output, this.chosen, rows * 4);
  }

  private get attentionThreads(): number {
    return this.model.attentionWarps * 32;
  }
}
