import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { chatBody } from './chat-request.ts';
import { codeSample } from './code-samples.ts';

const prompt = `it's "quoted"\nand $HOME \\ true`;
const body = chatBody(
  'ft:base:acme:x:1',
  { system: 'Be brief.', prompt, temperature: 0, maxTokens: 8, topP: 1, seed: 3 },
  0.5,
);

describe('codeSample', () => {
  it('quotes the body so that a shell passes it on unchanged', () => {
    const sample = codeSample('curl', 'http://x/v1', body).replace(
      /^curl/,
      `node -e 'console.log(process.argv.at(-1))' --`,
    );
    const printed = execFileSync('sh', ['-c', sample.replace('-H "Authorization: Bearer $PARAPET_API_KEY"', '')]);
    expect(JSON.parse(printed.toString())).toEqual(body);
  });

  it('writes Python’s own words and puts our field where the client takes it', () => {
    const sample = codeSample('python', 'http://x/v1', { ...body, stream: true });
    expect(sample).toContain('stream=True');
    expect(sample).toContain('extra_body={"parapet": {"adapter_strength": 0.5}}');
  });

  it('writes TypeScript that says what is not the client’s', () => {
    const sample = codeSample('typescript', 'http://x/v1', body);
    expect(sample).toContain('"parapet": {"adapter_strength":0.5}');
    expect(sample).toContain(JSON.stringify(prompt));
  });

  it('leaves defaults out', () => {
    const plain = chatBody('m', { system: ' ', prompt: 'p', temperature: 1, maxTokens: 5, topP: 1, seed: null }, 1);
    expect(Object.keys(plain)).toEqual(['model', 'messages', 'max_tokens', 'temperature']);
  });
});
