import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { wordTokenizer } from '@parapet/control/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { nullBaseModel } from '../testing/null-engine.ts';
import { runNullTrainer } from '../testing/null-trainer.ts';

/** A Python that has the `openai` package: PARAPET_TEST_PYTHON, or the one on the PATH. */
function pythonWithClient(): string | null {
  for (const python of [process.env.PARAPET_TEST_PYTHON, 'python3']) {
    if (!python) continue;
    try {
      execFileSync(python, ['-c', 'import openai'], { stdio: 'ignore' });
      return python;
    } catch {
      // The next one may have it.
    }
  }
  return null;
}

const python = pythonWithClient();

describe.skipIf(python === null)('the official Python client', () => {
  let fixture: GatewayFixture;
  beforeAll(async () => {
    fixture = await GatewayFixture.open();
  });
  afterAll(() => fixture.close());

  test('goes through the whole of /v1 unmodified', async () => {
    const key = await fixture.key(await fixture.tenant());
    fixture.gateway.services.control.tokenizer = wordTokenizer;
    const training = new AbortController();
    const { workerToken } = fixture.config;
    let trainer: Promise<void> | null = null;
    const script = fileURLToPath(new URL('./lifecycle.py', import.meta.url));
    const child = spawn(python!, [script, `${fixture.url}/v1`, key, nullBaseModel.name], { timeout: 120_000 });
    let told = '';
    let failure = '';
    child.stderr.on('data', (chunk: Buffer) => {
      failure += chunk.toString('utf8');
    });
    child.stdout.on('data', (chunk: Buffer) => {
      told += chunk.toString('utf8');
      trainer ??= runNullTrainer(fixture.url, workerToken, nullBaseModel.digest, training.signal);
    });
    await once(child, 'close');
    training.abort();
    await trainer;
    expect(failure).toBe('');
    expect(told).toMatch(/^train\nok /);
  });
});
