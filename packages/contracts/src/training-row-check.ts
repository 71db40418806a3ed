import type { RowProblemCode, TrainingRow } from './training-row.ts';

/** What is wrong with a row, without its line. */
export interface RowFault {
  code: RowProblemCode;
  message: string;
}

const roles = ['system', 'user', 'assistant'];
const messageKeys = ['role', 'content', 'weight'];

const fault = (code: RowProblemCode, message: string): { fault: RowFault } => ({ fault: { code, message } });
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 60) ?? String(value);

/**
 * A row of JSON as a training row, or the first fault found: asked by the gateway as a file arrives and by the portal as
 * it is sent. The codes are those of OpenAI's own file check.
 */
export function checkRow(value: unknown): { row: TrainingRow } | { fault: RowFault } {
  if (!isObject(value)) {
    return fault(
      'data_type',
      `The row is ${shown(value)}: it must be an object with "messages" or with "prompt" and "completion".`,
    );
  }
  if ('messages' in value) return checkChat(value);
  if ('prompt' in value || 'completion' in value) return checkCompletion(value);
  return fault('missing_messages_list', 'The row has neither "messages" nor "prompt" and "completion".');
}

function checkCompletion(value: Record<string, unknown>): { row: TrainingRow } | { fault: RowFault } {
  const extra = Object.keys(value).find((key) => key !== 'prompt' && key !== 'completion');
  if (extra !== undefined) return fault('unrecognized_key', `The key ${shown(extra)} is not known: remove it.`);
  const { prompt, completion } = value;
  if (typeof prompt !== 'string' || typeof completion !== 'string') {
    return fault('missing_prompt_or_completion', '"prompt" and "completion" must both be there, as strings.');
  }
  if (prompt.trim() === '') return fault('missing_content', 'The prompt is empty.');
  if (completion.trim() === '') return fault('empty_completion', 'The completion is empty: there is nothing to learn.');
  return { row: { prompt, completion } };
}

function checkChat(value: Record<string, unknown>): { row: TrainingRow } | { fault: RowFault } {
  const extra = Object.keys(value).find((key) => key !== 'messages');
  if (extra !== undefined)
    return fault('unrecognized_key', `The key ${shown(extra)} beside "messages" is not known: remove it.`);
  const { messages } = value;
  if (!Array.isArray(messages) || messages.length === 0) {
    return fault('missing_messages_list', '"messages" must be a list of at least two messages.');
  }
  let targets = 0;
  const checked: { role: 'system' | 'user' | 'assistant'; content: string; weight?: 0 | 1 }[] = [];
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    if (!isObject(message)) return fault('data_type', `${at} is ${shown(message)}: it must be an object.`);
    const unknown = Object.keys(message).find((key) => !messageKeys.includes(key));
    if (unknown !== undefined)
      return fault('message_unrecognized_key', `${at} has the unknown key ${shown(unknown)}: remove it.`);
    const { role, content, weight } = message;
    if (role === undefined || content === undefined) {
      return fault('message_missing_key', `${at} lacks ${role === undefined ? '"role"' : '"content"'}.`);
    }
    if (role !== 'system' && role !== 'user' && role !== 'assistant') {
      return fault('unrecognized_role', `${at} has the role ${shown(role)}: it must be one of ${roles.join(', ')}.`);
    }
    if (typeof content !== 'string' || (content.trim() === '' && role !== 'assistant')) {
      return fault('missing_content', `${at}.content must be text that is not empty.`);
    }
    if (weight !== undefined && (role !== 'assistant' || (weight !== 0 && weight !== 1))) {
      return fault('data_type', `${at}.weight must be 0 or 1, on an assistant's message only.`);
    }
    if (role === 'assistant' && weight !== 0) {
      if (content.trim() === '')
        return fault('empty_completion', `${at} is an empty assistant message: there is nothing to learn.`);
      if (index === 0) return fault('data_type', `${at} is the assistant's: a message must come before it.`);
      targets++;
    }
    checked.push(weight === 0 || weight === 1 ? { role, content, weight } : { role, content });
  }
  if (targets === 0) {
    return fault('example_missing_assistant_message', 'No assistant message with weight 1: there is nothing to learn.');
  }
  return { row: { messages: checked } };
}
