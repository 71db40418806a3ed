/**
 * The wire between gateway and serve worker. HTTP with `Authorization: Bearer <worker token>`.
 *
 *   gateway → worker   POST /generate            GenerateRequest → NDJSON of GenerateEvent
 *                      POST /generate/:id/cancel → 202; the stream still ends with its `done`
 *                      POST /control             WorkerControl → 204
 *                      GET  /healthz             200, or 503 when no step has finished in time with rows waiting
 *   worker → gateway   POST /internal/workers/serve/register   RegisterServeWorker → RegisteredWorker
 *                      POST /internal/workers/serve/:id/heartbeat  ServeHeartbeat → ServeHeartbeatAnswer
 *                      GET  /internal/blobs/:digest            the adapter file
 */
import { z } from 'zod';
import { adapterStrengthSchema, linearNameSchema } from './adapter.ts';
import { digestSchema } from './ids.ts';

export const samplingSchema = z.strictObject({
  /** 0 = greedy. */
  temperature: z.number().min(0).max(2).default(1),
  topP: z.number().gt(0).max(1).default(1),
  /** 0 = off. */
  topK: z.int().min(0).max(1000).default(0),
  minP: z.number().min(0).max(1).default(0),
  presencePenalty: z.number().min(-2).max(2).default(0),
  frequencyPenalty: z.number().min(-2).max(2).default(0),
  /** Token id → added to its logit, −100 to 100. */
  logitBias: z.record(z.string(), z.number().min(-100).max(100)).default({}),
  /** null = drawn by the engine. With a seed the answer is the same whatever shares the batch. */
  seed: z.int().nullable().default(null),
});
export type Sampling = z.infer<typeof samplingSchema>;

export const chatMessageSchema = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});
export type ChatMessage = z.infer<typeof chatMessageSchema>;

export const enginePromptSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('tokens'), tokens: z.array(z.int().min(0)).min(1) }),
  z.strictObject({ kind: z.literal('chat'), messages: z.array(chatMessageSchema).min(1) }),
]);
export type EnginePrompt = z.infer<typeof enginePromptSchema>;

export const generateRequestSchema = z.strictObject({
  /** The gateway's request id; the key of settlement. */
  requestId: z.string().max(64),
  tenantId: z.string().max(64),
  /** null = the bare base model. */
  adapter: z.strictObject({ digest: digestSchema, strength: adapterStrengthSchema }).nullable(),
  prompt: enginePromptSchema,
  /** Completions of the one prompt. */
  n: z.int().min(1).max(16).default(1),
  /** null = up to the context. */
  maxTokens: z.int().min(1).nullable(),
  sampling: samplingSchema,
  stop: z.array(z.string().min(1)).max(4).default([]),
  /** Alternatives to report a token; null = no logprobs at all. */
  topLogprobs: z.int().min(0).max(20).nullable().default(null),
  /** Report the prompt's own logprobs too (completions' `echo` with `logprobs`). */
  promptLogprobs: z.boolean().default(false),
  /** The answer must be JSON of this schema ({} = any JSON object). */
  jsonSchema: z.record(z.string(), z.unknown()).nullable().default(null),
  /** Larger goes first within a tenant. */
  priority: z.int().min(-10).max(10).default(0),
  deadlineMs: z.int().positive().nullable().default(null),
  vectorsDigest: z.boolean().default(false),
  /** Report how far PARA's vectors are from 1, layer by layer. */
  vectorsSummary: z.boolean().optional(),
});
export type GenerateRequest = z.infer<typeof generateRequestSchema>;

export const tokenLogprobSchema = z.object({
  id: z.int(),
  /** The token's own bytes as text; what is no whole character stands as U+FFFD. */
  text: z.string(),
  bytes: z.array(z.int()),
  logprob: z.number(),
  top: z.array(z.object({ id: z.int(), text: z.string(), bytes: z.array(z.int()), logprob: z.number() })),
});
export type TokenLogprob = z.infer<typeof tokenLogprobSchema>;

export const finishReasonSchema = z.enum(['stop', 'length', 'cancelled', 'error']);
export type FinishReason = z.infer<typeof finishReasonSchema>;

/** Mean |L − 1| of a prompt's vectors: `values[layer][linear]`, linears in the order of `linears`. */
export const vectorsSummarySchema = z.object({
  linears: z.array(linearNameSchema),
  values: z.array(z.array(z.number().min(0))),
});
export type VectorsSummary = z.infer<typeof vectorsSummarySchema>;

/** What a request used. Device time is its rows' share of every step they were in, integer microseconds. */
export const generateUsageSchema = z.object({
  promptTokens: z.int().min(0),
  cachedTokens: z.int().min(0),
  completionTokens: z.int().min(0),
  prefillDeviceMicros: z.int().min(0),
  decodeDeviceMicros: z.int().min(0),
  queueMicros: z.int().min(0),
});
export type GenerateUsage = z.infer<typeof generateUsageSchema>;

export const generateEventSchema = z.discriminatedUnion('type', [
  /** First: the prompt is prefilled. */
  z.object({
    type: z.literal('started'),
    promptTokens: z.int(),
    cachedTokens: z.int(),
    queueMicros: z.int(),
    promptLogprobs: z.array(tokenLogprobSchema).nullable(),
  }),
  /** Whole characters only; `tokens` counts the tokens behind `text`, held back ones (a stop string's beginning) come later. */
  z.object({
    type: z.literal('text'),
    index: z.int(),
    text: z.string(),
    tokens: z.int(),
    logprobs: z.array(tokenLogprobSchema).nullable(),
  }),
  z.object({ type: z.literal('finish'), index: z.int(), reason: finishReasonSchema }),
  /** Last when all went well or was cancelled. */
  z.object({
    type: z.literal('done'),
    usage: generateUsageSchema,
    vectorsDigest: digestSchema.nullable(),
    /** Where `vectorsSummary` was asked for and the adapter is PARA. */
    vectors: vectorsSummarySchema.nullish(),
  }),
  /** Last otherwise: usage is still what was produced. `code` is an ErrorCode of errors.ts. */
  z.object({ type: z.literal('error'), code: z.string(), message: z.string(), usage: generateUsageSchema }),
]);
export type GenerateEvent = z.infer<typeof generateEventSchema>;

export const registerServeWorkerSchema = z.strictObject({
  /** http://host:port, or unix:/path. */
  url: z.string(),
  baseModel: z.strictObject({
    name: z.string(),
    digest: digestSchema,
    contextTokens: z.int(),
    /** As in the model's config: what the portal shows and quotas estimate with. */
    parameters: z.int(),
    weights: z.string(),
  }),
  device: z.strictObject({ kind: z.enum(['cpu', 'webgpu', 'cuda']), name: z.string() }),
  maxRows: z.int(),
  maxQueue: z.int(),
  kvCapacityTokens: z.int(),
});
export type RegisterServeWorker = z.infer<typeof registerServeWorkerSchema>;

export const registeredWorkerSchema = z.object({ workerId: z.string(), heartbeatMs: z.int() });
export type RegisteredWorker = z.infer<typeof registeredWorkerSchema>;

/** A finished request's usage, repeated in heartbeats until acknowledged: settlement survives a gateway's death. */
export const usageReportSchema = z.object({
  requestId: z.string(),
  tenantId: z.string(),
  usage: generateUsageSchema,
  finishedAt: z.int(),
});
export type UsageReport = z.infer<typeof usageReportSchema>;

export const serveHeartbeatSchema = z.strictObject({
  running: z.int(),
  waiting: z.int(),
  kvUsage: z.number().min(0).max(1),
  /** Digests, most recently used first, 1,000 at most. */
  residentAdapters: z.array(digestSchema).max(1000),
  residentAdapterBytes: z.int(),
  /** Milliseconds of the decode steps since the last heartbeat: median and 99th percentile; null = none. */
  stepMsP50: z.number().nullable(),
  stepMsP99: z.number().nullable(),
  /** Step time of adapted rows over base rows, minus one; null until both were seen. */
  adapterTax: z.number().nullable(),
  /** Milliseconds of each load of an adapter since the last heartbeat; told once. */
  adapterLoadMs: z.array(z.number().min(0)).max(1000).optional(),
  generatedTokens: z.int(),
  promptTokens: z.int(),
  deviceMicros: z.int(),
  healthy: z.boolean(),
  draining: z.boolean(),
  unacknowledged: z.array(usageReportSchema).max(1000),
});
export type ServeHeartbeat = z.infer<typeof serveHeartbeatSchema>;

export const workerControlSchema = z.strictObject({
  /** Takes no new requests, finishes what runs. */
  drain: z.boolean().optional(),
  /** Digests to hold resident whatever the LRU says. */
  pin: z.array(digestSchema).optional(),
});
export type WorkerControl = z.infer<typeof workerControlSchema>;

export const serveHeartbeatAnswerSchema = z.object({ acknowledged: z.array(z.string()), control: workerControlSchema });
export type ServeHeartbeatAnswer = z.infer<typeof serveHeartbeatAnswerSchema>;
