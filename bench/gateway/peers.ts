import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launch, untilUp } from './processes.ts';

export interface Peer {
  name: string;
  url: string;
  path: string;
  headers: Record<string, string>;
  /** What of keys, limits and budgets is on. */
  note: string;
}

/** Where peers are installed once; PARAPET_BENCH_PEERS moves it. */
const folder = process.env.PARAPET_BENCH_PEERS ?? join('data', 'bench', 'gateway-peers');

const masterKey = 'sk-peer-0123456789abcdef';

const customAuth = `
from litellm.proxy._types import UserAPIKeyAuth

async def user_api_key_auth(request, api_key: str) -> UserAPIKeyAuth:
    if api_key != "${masterKey}":
        raise Exception("unknown key")
    return UserAPIKeyAuth(api_key=api_key, rpm_limit=10000000, tpm_limit=1000000000, max_budget=1000000.0)
`;

/**
 * LiteLLM's proxy from PyPI, one worker a core, keys by its custom-auth hook with request and token limits and a
 * budget on them. Its own key store needs a Postgres client that downloads binaries, and would be slower still.
 */
export async function startLiteLlm(upstream: string, model: string): Promise<Peer | null> {
  const bin = join(folder, 'litellm', 'bin');
  if (!existsSync(join(bin, 'litellm'))) {
    try {
      mkdirSync(folder, { recursive: true });
      execFileSync('python3', ['-m', 'venv', join(folder, 'litellm')]);
      execFileSync(join(bin, 'pip'), ['install', '-q', 'litellm[proxy]==1.108.7'], { stdio: 'ignore' });
    } catch {
      console.error('LiteLLM could not be installed (python3 with venv and a package index are needed).');
      return null;
    }
  }
  const home = mkdtempSync(join(tmpdir(), 'parapet-litellm-'));
  writeFileSync(join(home, 'custom_auth.py'), customAuth);
  writeFileSync(
    join(home, 'config.yaml'),
    `model_list:
  - model_name: ${model}
    litellm_params: { model: openai/${model}, api_base: ${upstream}/v1, api_key: none }
general_settings:
  master_key: ${masterKey}
  custom_auth: custom_auth.user_api_key_auth
litellm_settings: { num_retries: 0, telemetry: false, set_verbose: false }
`,
  );
  const port = await freePort();
  const args = ['--config', 'config.yaml', '--host', '127.0.0.1', '--port', String(port), '--num_workers', '2'];
  launch(resolveBin(join(bin, 'litellm')), args, { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR' }, home);
  const url = `http://127.0.0.1:${port}`;
  await untilUp(`${url}/health/liveliness`, 240_000);
  return {
    name: 'LiteLLM proxy 1.108.7',
    url,
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${masterKey}` },
    note: 'key, request and token limits and a budget through its custom-auth hook, in memory; 2 workers',
  };
}

/** Portkey's open gateway from npm: forwards and nothing else (keys and budgets are not in the open version). */
export async function startPortkey(upstream: string): Promise<Peer | null> {
  const home = join(folder, 'portkey');
  const entry = join(home, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (!existsSync(entry)) {
    try {
      mkdirSync(home, { recursive: true });
      execFileSync('npm', ['install', '--prefix', home, '--ignore-scripts', '--silent', '@portkey-ai/gateway'], {
        stdio: 'ignore',
      });
    } catch {
      console.error('Portkey could not be installed from npm.');
      return null;
    }
  }
  const port = await freePort();
  launch(process.execPath, [entry, `--port=${port}`, '--headless'], { NODE_ENV: 'production' });
  const url = `http://127.0.0.1:${port}`;
  await untilUp(`${url}/`, 30_000);
  return {
    name: 'Portkey gateway',
    url,
    path: '/v1/chat/completions',
    headers: {
      authorization: 'Bearer none',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${upstream}/v1`,
    },
    note: 'forwards only: no keys, no limits, no budgets, no metering',
  };
}

const resolveBin = (path: string) => (path.startsWith('/') ? path : join(process.cwd(), path));
