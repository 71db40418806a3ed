import type { TrainingRow } from '@parapet/contracts/training-row';

export interface RowTokens {
  /** Of the whole conversation as the chat template renders it. */
  total: number;
  /** Of the targets: what is trained on. */
  completion: number;
}

export interface RenderedRow extends RowTokens {
  text: string;
  /** Ranges [from, to) of `text`, in UTF-16 units, that are trained on. */
  targets: [number, number][];
}

/**
 * The base model's tokenizer and chat template, off the event loop. Given by the app: the control plane knows no
 * model.
 */
export interface RowTokenizer {
  count(rows: readonly TrainingRow[]): Promise<RowTokens[]>;
  render(rows: readonly TrainingRow[]): Promise<RenderedRow[]>;
}
