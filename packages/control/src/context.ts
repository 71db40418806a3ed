import type { BlobStore } from '@parapet/adapter-store/blobs';
import type { TenantId } from '@parapet/contracts/ids';
import type { VectorsSummary } from '@parapet/contracts/serve-worker';
import type { DatabaseHandle } from '@parapet/db/client';
import type { Metering } from '@parapet/metering/metering';
import type { Origin, Principal } from './access/principal.ts';
import type { RowTokenizer } from './datasets/row-tokenizer.ts';
import type { SecretBox } from './secret-box.ts';

export type { Origin, Principal, Tenancy } from './access/principal.ts';

/** One prompt to one adapter version, on a tenant's account. */
export interface PromptVectorsInput {
  tenantId: TenantId;
  keyId: string | null;
  baseModel: string;
  baseDigest: string;
  adapter: { name: string; digest: string };
  prompt: string;
}

/** What the verbs work with; made once a process by the app. */
export interface ControlServices {
  database: DatabaseHandle;
  blobs: BlobStore;
  metering: Metering;
  /** null = this process has no base model's files: data sets stay without token counts. */
  tokenizer: RowTokenizer | null;
  /**
   * Checks an imported adapter file whole (names, shapes, finite values) against its base model, where this process has
   * the base model's files. Throws ParapetError `invalid_adapter` or `base_model_mismatch`.
   */
  checkAdapter?(file: Uint8Array): Promise<void>;
  /** Keeps webhooks' signing secrets; without it webhooks can't be made. */
  secrets?: SecretBox;
  /** Whether webhooks may go to addresses inside this network: a machine of one's own, not a platform for others. */
  webhooksInside?: boolean;
  /** A prompt's vectors from an engine, admitted and settled as a request; not there where no engine is connected. */
  promptVectors?(input: PromptVectorsInput): Promise<VectorsSummary>;
  now(): Date;
  /** ISO 4217 code of the price list; USD unless told. */
  currency?: string;
}

/** One call: the services, who calls and from where. */
export interface ControlContext {
  services: ControlServices;
  principal: Principal;
  origin: Origin;
}

export const currencyOf = (services: ControlServices): string => services.currency ?? 'USD';
