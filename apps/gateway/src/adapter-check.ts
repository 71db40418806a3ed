import { openModel } from '@parapet/models/open';
import { decodeAdapter } from '@parapet/para/adapter-file';

/** Checks adapter files whole against the base model of this folder: names, shapes, finite values, digest. */
export function adapterChecker(modelDir: string): (file: Uint8Array) => Promise<void> {
  let base: ReturnType<typeof readBase> | undefined;
  return async (file) => {
    base ??= readBase(modelDir);
    decodeAdapter(file, await base);
  };
}

async function readBase(modelDir: string) {
  const { spec, digest, weights } = await openModel(modelDir);
  weights.close();
  return { spec, digest };
}
