import { ParapetError } from '@parapet/contracts/errors';
import { adapterDetailSchema } from '@parapet/contracts/portal/adapters';
import { importAdapter as importAdapterVerb } from '@parapet/control/verbs/adapters/import-adapter';
import { readAdapterContent } from '@parapet/control/verbs/adapters/read-content';
import { z } from 'zod';
import { endpoint, parseInput } from '../http/endpoint.ts';

const importForm = z.object({ name: z.string(), file: z.string().meta({ format: 'binary' }) });

export const importAdapter = endpoint({
  method: 'POST',
  path: '/v1/parapet/adapters',
  operationId: 'importAdapter',
  summary: 'Import an adapter file (safetensors with our manifest); send the name before the file.',
  rule: 'adapters.import',
  multipart: importForm,
  answer: adapterDetailSchema,
  async handle({ context, request }) {
    let name: string | undefined;
    for await (const part of request.parts({ limits: { files: 1, fields: 4, fieldSize: 1024 } })) {
      if (part.type === 'file') {
        const fallback = part.filename
          .replaceAll('\0', '')
          .replace(/\.safetensors$/, '')
          .slice(0, 80);
        return importAdapterVerb(context, { name: name ?? fallback, adapterId: null, content: part.file });
      }
      if (part.fieldname === 'name')
        name = parseInput(
          z
            .string()
            .trim()
            .min(1)
            .max(80)
            .regex(/^[^\0]*$/, 'must hold no NUL'),
          part.value,
        );
    }
    throw new ParapetError('invalid_request', 'The form has no file.', { param: 'file' });
  },
});

export const readAdapter = endpoint({
  method: 'GET',
  path: '/v1/parapet/adapters/:versionId/content',
  operationId: 'downloadAdapter',
  summary: "Download an adapter version's file.",
  rule: 'adapters.content',
  answer: 'bytes',
  async handle({ context, params, reply }) {
    const { name, bytes, stream } = await readAdapterContent(context, { versionId: params.versionId! });
    reply
      .type('application/octet-stream')
      .header('content-length', bytes)
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
      .send(stream);
    return undefined;
  },
});
