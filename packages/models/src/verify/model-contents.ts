import { setImmediate } from 'node:timers/promises';
import { modelDigest } from '../digest.ts';
import type { BaseModel } from '../open.ts';
import { weightShapes } from '../spec.ts';

/** Text that has tripped tokenizers: accents, other scripts, emoji with joiners, code, runs of spaces, control names. */
const hardTexts = [
  'The committee met on the 14th of March 2019; nobody could say who would pay the $3,450,000.',
  '  leading spaces,\ttabs,\r\n\r\nblank lines and   runs   of spaces  ',
  'def merge(left, right):\n    return [x for x in left if x not in {"a": 1, \'b\': 2}]\n',
  'Über den Wolken – Straße, naïve café, Привет мир, 你好，世界, こんにちは, שלום, नमस्ते',
  '🙂🎉 👩‍👩‍👧‍👦 ∑ α ≤ β, x² + y² = r², \u00a0non-breaking\u00a0space',
  'https://example.com/a?b=c&d=%20e#f  1234567890 0.000001 -17e+42',
];

/**
 * Reads every tensor that the architecture needs.
 *
 * @returns how many there are
 * @throws Error naming the tensor that is missing or holds what is not a finite number
 */
export async function checkTensors(
  { spec, weights, dir }: BaseModel,
  onProgress: (done: number) => void,
): Promise<number> {
  const shapes = weightShapes(spec);
  let done = 0;
  for (const [name, shape] of shapes) {
    if (!weights.has(name)) throw new Error(`The model in ${dir} has no tensor ${name}: copy its files again.`);
    const weight = weights.get(name);
    if (weight.shape.join() !== shape.join())
      throw new Error(
        `${name} is [${weight.shape}], but the config's numbers make it [${shape}]: copy the files again.`,
      );
    const bad = weight.readFloat32().findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new Error(`Number ${bad} of ${name} in ${dir} is not finite: copy the weights again.`);
    onProgress(++done / shapes.size);
    await setImmediate(); // lets progress out between two tensors
  }
  return done;
}

/** @throws Error when the weights are not those that the model is known by */
export function checkDigest({ spec, weights, dir }: BaseModel, known: string | null): string {
  const digest = modelDigest(spec, weights);
  if (known !== null && digest !== known) {
    throw new Error(
      `The weights in ${dir} have the digest ${digest.slice(0, 16)}…, but this model is known as ${known.slice(0, 16)}…: ` +
        'its adapters would not fit. Put the files back that it was added with, or add these under another name.',
    );
  }
  return digest;
}

/**
 * Sends hard texts through the tokenizer and back, and a conversation through the chat format.
 *
 * @returns how many texts came back unchanged, which is all
 * @throws Error naming the text that did not
 */
export function checkTokenizer({ tokenizer, chatTemplate, spec, dir }: BaseModel): number {
  for (const text of hardTexts) {
    const ids = tokenizer.encode(text, { special: false });
    const outside = ids.find((id) => id >= spec.vocab);
    if (outside !== undefined)
      throw new Error(
        `The tokenizer in ${dir} makes token ${outside}, but the model has ${spec.vocab}: copy both again.`,
      );
    const back = tokenizer.decode(ids);
    if (back !== text)
      throw new Error(
        `The tokenizer in ${dir} turns ${JSON.stringify(text.slice(0, 40))} into ${JSON.stringify(back.slice(0, 40))}: copy its files again.`,
      );
  }
  if (chatTemplate === null) return hardTexts.length;
  const [question] = hardTexts;
  const rendered = tokenizer.decode(chatTemplate.prompt([{ role: 'user', content: question! }]));
  if (!rendered.includes(question!)) throw new Error(`The chat format in ${dir} loses what the user says.`);
  return hardTexts.length + 1;
}
