import { createHash } from 'node:crypto';
import { ParapetError } from '@parapet/contracts/errors';
import type { GenerateRequest } from '@parapet/contracts/serve-worker';
import type { LoadedAdapter } from './adapters/adapter-cache.ts';
import type { PromptScaling } from './devices/device.ts';
import { EventQueue } from './event-queue.ts';
import { PoisonedRowError } from './sampling/sampler.ts';
import type { Generation } from './sequence.ts';

/** A request that was accepted, before anything ran. */
export function newGeneration(
  request: GenerateRequest,
  promptTokens: readonly number[],
  maxTokens: number,
  adapter: LoadedAdapter | null,
  abandoned: () => void,
): Generation {
  return {
    request,
    job: {
      id: request.requestId,
      tenantId: request.tenantId,
      priority: request.priority,
      rows: request.n,
      promptTokens: promptTokens.length,
      limitTokens: promptTokens.length + maxTokens,
      deadlineAt: request.deadlineMs === null ? null : Date.now() + request.deadlineMs,
    },
    promptTokens,
    maxTokens,
    adapter,
    events: new EventQueue(abandoned),
    rows: [],
    usage: {
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 0,
      prefillDeviceMicros: 0,
      decodeDeviceMicros: 0,
      queueMicros: 0,
    },
    arrivedAt: performance.now(),
    cancelled: false,
    ended: false,
    vectorsDigest: null,
    vectors: null,
  };
}

/** How a generation's rows are adapted. */
export function scalingOf({ adapter, request }: Generation): PromptScaling {
  if (adapter === null || request.adapter === null) return { kind: 'base' };
  const { strength } = request.adapter;
  if (adapter.fixed !== null) return { kind: 'saved', scales: adapter.fixed(strength) };
  return { kind: 'adapter', adapter: adapter.prompt!, strength };
}

/** SHA-256 of a row's scales. */
export function digestOf(numbers: Float32Array): string {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a caller learns of a failure: nothing of the inside. */
export function failureOf(error: unknown): { code: string; message: string } {
  if (error instanceof ParapetError) return { code: error.code, message: error.message };
  if (error instanceof PoisonedRowError) {
    return {
      code: 'row_failed',
      message:
        'The model gave no usable number for this request; its adapter may be broken. Other requests were not affected.',
    };
  }
  return { code: 'internal', message: 'The engine failed on this request.' };
}
