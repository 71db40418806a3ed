import type { RowProblem } from '@parapet/contracts/training-row';
import { RefusedError } from '#lib/error-text.ts';
import { datasets } from '#text/en/datasets.ts';

export type Uploaded = { id: string; filename: string };

/** The file has unsound lines; `total` problems, the first of them listed. */
export class TrainingFileRefused extends Error {
  override readonly name = 'TrainingFileRefused';
  constructor(
    message: string,
    readonly problems: RowProblem[],
    readonly total: number,
  ) {
    super(message);
  }
}

/**
 * Sends a training file to /v1/files. XMLHttpRequest, since fetch tells nothing of how much was sent.
 * @throws TrainingFileRefused with the lines at fault; RefusedError for any other refusal.
 */
export function upload(file: File, onProgress: (sentBytes: number) => void, signal: AbortSignal): Promise<Uploaded> {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', file);
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => onProgress(Math.min(event.loaded, file.size));
    request.onerror = () => reject(new RefusedError(datasets.uploadFailed, 0, null));
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    request.onload = () => {
      const body: unknown = request.response;
      if (request.status < 300) resolve(body as Uploaded);
      else reject(refusal(request.status, body));
    };
    signal.addEventListener('abort', () => request.abort());
    request.open('POST', '/v1/files');
    request.responseType = 'json';
    request.send(form);
  });
}

function refusal(status: number, body: unknown): Error {
  const { error } = (body ?? {}) as {
    error?: { message?: string; code?: string | null; parapet?: { problems: RowProblem[]; total: number } };
  };
  const message = error?.message ?? datasets.uploadFailed;
  if (error?.parapet) return new TrainingFileRefused(message, error.parapet.problems, error.parapet.total);
  return new RefusedError(message, status, error?.code ?? null);
}
