import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { ParapetError } from '@parapet/contracts/errors';
import type { Digest } from '@parapet/contracts/ids';

/** Passes bytes through and fails at the end when they do not hash to `digest`. */
export function verifying(digest: Digest): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(chunk, _encoding, callback) {
      hash.update(chunk);
      callback(null, chunk);
    },
    flush(callback) {
      const found = hash.digest('hex');
      if (found === digest) callback();
      else callback(new ParapetError('internal', `Stored content ${digest} is damaged: it hashes to ${found}.`));
    },
  });
}
