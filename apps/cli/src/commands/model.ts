import { defaultModel, ensureBaseModel } from '../base-model.ts';

/** `model fetch [name]`: fetches what is missing, checks what is there. */
export async function run([verb, name = defaultModel]: string[]): Promise<number> {
  if (verb !== 'fetch') {
    console.error(`Usage: npm run parapet -- model fetch [name]   (default ${defaultModel})`);
    return 2;
  }
  await ensureBaseModel(name);
  return 0;
}
