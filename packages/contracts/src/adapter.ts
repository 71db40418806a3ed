import { z } from 'zod';
import { digestSchema } from './ids.ts';

/** How the base model is adapted. PARA is the product; LoRA and (IA)³ are the baselines in the same code paths. */
export const adapterMethodSchema = z.enum(['para', 'lora', 'ia3']);
export type AdapterMethod = z.infer<typeof adapterMethodSchema>;

/** What PARA's vectors scale: `qvu` = Query, Value, FFN-Up (the paper); `wide` = all seven linears' outputs. */
export const paraTargetsSchema = z.enum(['qvu', 'wide']);
export const poolerSchema = z.enum(['mean', 'last', 'attention', 'max']);
export const activationSchema = z.enum(['gelu', 'silu', 'rational']);
export const linearNameSchema = z.enum(['q', 'k', 'v', 'o', 'gate', 'up', 'down']);
export type LinearName = z.infer<typeof linearNameSchema>;

/** Order in which `targets` are concatenated in W_up and in the vectors. */
export const targetLinears = {
  qvu: ['q', 'v', 'up'],
  wide: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'],
} as const satisfies Record<z.infer<typeof paraTargetsSchema>, readonly LinearName[]>;

/** An adapter's architecture: all that fixes the names and shapes of its tensors, given the base model. */
export const adapterConfigSchema = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('para'),
    targets: paraTargetsSchema.default('qvu'),
    /** A learned constant part beside the prompt's: L = 1 + bias + act(p·W_down)·W_up. */
    bias: z.boolean().default(false),
    rank: z.int().min(1).max(256).default(12),
    pooler: poolerSchema.default('mean'),
    activation: activationSchema.default('gelu'),
  }),
  z.strictObject({
    method: z.literal('lora'),
    linears: z.array(linearNameSchema).min(1).max(7).default(['q', 'v', 'up']),
    rank: z.int().min(1).max(256).default(16),
    /** LoRA's α; the update is scaled by α / rank. */
    alpha: z.number().positive().max(1024).default(32),
  }),
  z.strictObject({ method: z.literal('ia3') }),
]);
export type AdapterConfig = z.infer<typeof adapterConfigSchema>;
export type ParaConfig = Extract<AdapterConfig, { method: 'para' }>;
export type LoraConfig = Extract<AdapterConfig, { method: 'lora' }>;

/**
 * The manifest in an adapter file: safetensors `__metadata__`, one key `parapet` holding this as JSON.
 * The file is refused wherever its base digest is not the base model's.
 */
export const adapterManifestSchema = z.strictObject({
  version: z.literal(1),
  config: adapterConfigSchema,
  baseDigest: digestSchema,
  baseModel: z.string().max(128),
  /** Numbers in the file, the pooler's included. */
  parameters: z.int().positive(),
});
export type AdapterManifest = z.infer<typeof adapterManifestSchema>;

/** Strength s of L(s) = 1 + s·(L − 1). */
export const adapterStrengthSchema = z.number().min(0).max(2);
