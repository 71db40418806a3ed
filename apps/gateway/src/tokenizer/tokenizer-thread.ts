import { parentPort, workerData } from 'node:worker_threads';
import { asMessages, type TrainingRow } from '@parapet/contracts/training-row';
import { openModel } from '@parapet/models/open';

/** What the thread is asked and answers; ids pair them. */
export type TokenizerCall = { id: number; verb: 'count' | 'render'; rows: readonly TrainingRow[] };
export type TokenizerAnswer = { id: number; result?: unknown; error?: string };

const model = await openModel((workerData as { modelDir: string }).modelDir);
model.weights.close();
const { tokenizer, chatTemplate } = model;

/** A row as it is trained on: the chat template's text, its tokens and which of them are targets. */
function conversation(row: TrainingRow) {
  if (chatTemplate === null)
    throw new Error('The base model has no chat template: it can’t be trained on conversations.');
  return chatTemplate.conversation(asMessages(row));
}

function count(row: TrainingRow) {
  const { tokens, completions } = conversation(row);
  return { total: tokens.length, completion: completions.reduce((sum, { start, end }) => sum + end - start, 0) };
}

function render(row: TrainingRow) {
  const { tokens, completions } = conversation(row);
  let text = '';
  let done = 0;
  const targets: [number, number][] = [];
  for (const { start, end } of completions) {
    text += tokenizer.decode(tokens.slice(done, start));
    const from = text.length;
    text += tokenizer.decode(tokens.slice(start, end));
    targets.push([from, text.length]);
    done = end;
  }
  text += tokenizer.decode(tokens.slice(done));
  return { text, targets, ...count(row) };
}

parentPort?.on('message', ({ id, verb, rows }: TokenizerCall) => {
  const answer: TokenizerAnswer = { id };
  try {
    answer.result = rows.map(verb === 'count' ? count : render);
  } catch (error) {
    answer.error = error instanceof Error ? error.message : String(error);
  }
  parentPort?.postMessage(answer);
});
