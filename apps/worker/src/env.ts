import { availableParallelism } from 'node:os';
import { z } from 'zod';

const shared = {
  /** Where the gateway answers: http://host:port. */
  PARAPET_GATEWAY_URL: z.url(),
  /** The secret that workers and gateway share. */
  PARAPET_WORKER_TOKEN: z.string().min(32),
  /** Folder of the base model's files. */
  PARAPET_MODEL_DIR: z.string().min(1),
  /** Folder for what the worker keeps: exported weights, checkpoints, its outbox. */
  PARAPET_DATA: z.string().default('data'),
  PARAPET_THREADS: z.coerce.number().int().min(1).max(512).default(availableParallelism()),
  PARAPET_DEVICE: z.enum(['cpu', 'webgpu', 'cuda']).default('cpu'),
  /** Folders with NVIDIA's libraries (site-packages folders count), separated like PATH. */
  PARAPET_CUDA_LIBRARIES: z.string().optional(),
  PARAPET_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
};

const serveSchema = z.object({
  ...shared,
  PARAPET_WEIGHTS: z.enum(['fp32', 'int8', 'q4']).default('int8'),
  /** The name under which the base model is called. */
  PARAPET_MODEL_NAME: z.string().max(128).default('smollm2-135m-instruct'),
  /** Rows of one decode batch. */
  PARAPET_MAX_ROWS: z.coerce.number().int().min(1).max(1024).default(32),
  /** Requests waiting beyond the batch; past it 503. */
  PARAPET_MAX_QUEUE: z.coerce.number().int().min(0).max(100_000).default(256),
  /** Tokens of KV cache over all rows. */
  PARAPET_KV_TOKENS: z.coerce.number().int().min(256).default(32_768),
  /** Bytes of resident adapters. */
  PARAPET_ADAPTER_BYTES: z.coerce
    .number()
    .int()
    .min(1 << 20)
    .default(1 << 30),
  /** 0 = any free port. */
  PARAPET_WORKER_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  PARAPET_WORKER_HOST: z.string().default('127.0.0.1'),
});
export type ServeEnv = z.infer<typeof serveSchema>;

const trainSchema = z.object({
  ...shared,
  /** Where training runs, when it is another device than serving's. */
  PARAPET_TRAIN_DEVICE: z.enum(['cpu', 'cuda']).optional(),
  PARAPET_WORKER_NAME: z.string().max(128).default('train'),
  /** Seconds between two looks for a job when there was none. */
  PARAPET_LEASE_INTERVAL: z.coerce.number().min(0.1).max(600).default(1),
});
export type TrainEnv = z.infer<typeof trainSchema>;

function parse<S extends z.ZodType>(schema: S): z.output<S> {
  const result = schema.safeParse(process.env);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  console.error(`parapet worker: the environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}.`);
  process.exit(2);
}

export const serveEnv = (): ServeEnv => parse(serveSchema);
export const trainEnv = (): TrainEnv => parse(trainSchema);
