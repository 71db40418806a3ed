import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFixture } from '../testing/gateway-fixture.ts';

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
    const script = fileURLToPath(new URL('./lifecycle.py', import.meta.url));
    const args = [script, `${fixture.url}/v1`, key, 'smollm2-135m-instruct'];
    const { stdout } = await promisify(execFile)(python!, args, { timeout: 120_000 });
    expect(stdout).toMatch(/^ok /);
  });
});
