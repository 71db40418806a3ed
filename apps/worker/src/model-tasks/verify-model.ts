import type { ModelTaskStep, VerifyResult } from '@parapet/contracts/model-task';
import { likeliest } from '@parapet/inference/agreement';
import type { ModelRunner } from '@parapet/inference/device';
import type { BaseModel } from '@parapet/models/open';
import { openModel } from '@parapet/models/open';
import { modelParameters } from '@parapet/models/spec';
import { checkDigest, checkTensors, checkTokenizer } from '@parapet/models/verify/model-contents';
import { checkModelFiles, type FileRecord } from '@parapet/models/verify/model-files';

const question = 'What is the capital of France?';
const answerTokens = 24;

export interface VerifyOptions {
  /** A folder or a .gguf file. */
  path: string;
  name: string;
  baseDigest: string | null;
  recordedFiles: readonly FileRecord[] | null;
  /** Loads the weights as they are served. */
  open: (model: BaseModel) => Promise<ModelRunner>;
  onProgress: (step: ModelTaskStep, done: number) => void;
}

/**
 * Holds a base model to what it should be: every file, every tensor, the tokenizer there and back, and an answer from
 * finite logits.
 * @throws Error naming what is wrong and what to do
 */
export async function verifyModel(options: VerifyOptions): Promise<VerifyResult> {
  const { path, name, baseDigest, recordedFiles, open, onProgress } = options;
  const startedAt = performance.now();
  onProgress('files', 0);
  const { files, against } = await checkModelFiles({ path, name, recorded: recordedFiles }, (done) =>
    onProgress('files', done),
  );
  const model = await openModel(path);
  try {
    onProgress('tensors', 0);
    const digest = checkDigest(model, baseDigest);
    const tensors = await checkTensors(model, (done) => onProgress('tensors', done));
    onProgress('tokenizer', 0);
    const texts = checkTokenizer(model);
    onProgress('answer', 0);
    const runner = await open(model);
    const answer = await greedyAnswer(model, runner, (done) => onProgress('answer', done));
    await runner.close();
    return {
      ...{ kind: 'verify', files, against, digest, tensors, texts, question, answer },
      parameters: modelParameters(model.spec),
      contextTokens: model.spec.context,
      ms: Math.round(performance.now() - startedAt),
    };
  } finally {
    model.weights.close();
  }
}

/** The likeliest tokens one after another, each from the whole text before it. */
async function greedyAnswer(
  { tokenizer, chatTemplate, spec }: BaseModel,
  runner: ModelRunner,
  onProgress: (done: number) => void,
): Promise<string> {
  const prompt =
    chatTemplate === null ? tokenizer.encode(question) : chatTemplate.prompt([{ role: 'user', content: question }]);
  const answer: number[] = [];
  while (answer.length < answerTokens && prompt.length + answer.length < spec.context) {
    const run = runner.beginPrefill(0, [...prompt, ...answer], { kind: 'base' });
    await run.advance(run.remainingLayers);
    const next = likeliest(await run.lastLogits());
    run.release();
    onProgress(answer.length / answerTokens);
    if (tokenizer.isSpecial(next)) break;
    answer.push(next);
  }
  return tokenizer.decode(answer);
}
