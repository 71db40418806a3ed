import { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import { ParapetError } from '@parapet/contracts/errors';
import { deletedSchema, pageSchema, toPage, unixSeconds } from '@parapet/contracts/openai-common';
import { type FileObject, fileListQuerySchema, fileObjectSchema } from '@parapet/contracts/openai-files';
import type { DatasetView } from '@parapet/contracts/portal/datasets';
import { jobOfResultFile } from '@parapet/control/result-file';
import { createDataset } from '@parapet/control/verbs/datasets/create-dataset';
import { deleteDataset } from '@parapet/control/verbs/datasets/delete-dataset';
import { getDataset } from '@parapet/control/verbs/datasets/get-dataset';
import { listDatasets } from '@parapet/control/verbs/datasets/list-datasets';
import { readDatasetContent } from '@parapet/control/verbs/datasets/read-content';
import { readMetricsCsv } from '@parapet/control/verbs/jobs/metrics-csv';
import { z } from 'zod';
import { type Call, endpoint, parseInput } from '../http/endpoint.ts';
import { pageAfter } from './paging.ts';

const statuses = { counting: 'uploaded', ready: 'processed', invalid: 'error' } as const;

const toFileObject = (view: DatasetView): FileObject => ({
  id: view.id,
  object: 'file',
  bytes: view.bytes,
  created_at: unixSeconds(view.createdAt),
  filename: view.name,
  purpose: 'fine-tune',
  status: statuses[view.status],
  status_details: null,
});

/** A job's metrics as the file that its `result_files` names. */
async function resultFile(
  call: Call<unknown, unknown>,
  fileId: string,
): Promise<{ object: FileObject; content: string }> {
  const { name, content } = await readMetricsCsv(call.context, { jobId: jobOfResultFile(fileId) });
  const bytes = Buffer.byteLength(content);
  return {
    content,
    object: {
      id: fileId,
      object: 'file',
      bytes,
      created_at: unixSeconds(Date.now()),
      filename: name,
      purpose: 'fine-tune-results',
      status: 'processed',
      status_details: null,
    },
  };
}

/** What `find` finds among the data sets, or else among the result files; the first's error when neither has it. */
async function dataSetOrResult<T>(fileId: string, find: () => Promise<T>, result: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof ParapetError) || error.code !== 'not_found') throw error;
    try {
      return await result();
    } catch {
      throw new ParapetError('not_found', `No such File object: ${fileId.slice(0, 64)}.`, { param: 'id' });
    }
  }
}

const uploadForm = z.object({
  purpose: z.literal('fine-tune'),
  /** Ours, before the file: rows that say the same are refused unless it is `keep`. */
  duplicates: z.enum(['refuse', 'keep']).optional(),
  file: z.string().meta({ format: 'binary' }),
});

/** Streams the form's file to the store as it arrives; the purpose may stand before or after it. */
async function receive(call: Call<unknown, unknown>): Promise<FileObject> {
  let purpose: unknown;
  let duplicates: 'refuse' | 'keep' = 'refuse';
  let view: DatasetView | undefined;
  const refuse = async (error: ParapetError) => {
    if (view) await deleteDataset(call.context, { datasetId: view.id });
    return error;
  };
  for await (const part of call.request.parts({ limits: { files: 1, fields: 8, fieldSize: 1024 } })) {
    if (part.type === 'file') view = await take(call, part, { purpose, duplicates });
    else if (part.fieldname === 'purpose') purpose = part.value;
    else if (part.fieldname === 'duplicates' && !view) {
      duplicates = parseInput(uploadForm.shape.duplicates.unwrap(), part.value);
    } else {
      const message = `Unsupported parameter: '${part.fieldname}'. Remove it from the request.`;
      throw await refuse(new ParapetError('unsupported_parameter', message, { param: part.fieldname }));
    }
  }
  if (purpose !== 'fine-tune') throw await refuse(wrongPurpose);
  if (!view) throw new ParapetError('invalid_request', 'The form has no file.', { param: 'file' });
  return toFileObject(view);
}

const wrongPurpose = new ParapetError('invalid_request', "The purpose must be 'fine-tune'.", { param: 'purpose' });

async function take(
  call: Call<unknown, unknown>,
  part: MultipartFile,
  { purpose, duplicates }: { purpose: unknown; duplicates: 'refuse' | 'keep' },
): Promise<DatasetView> {
  if (part.fieldname !== 'file') {
    throw new ParapetError('unsupported_parameter', `Unsupported parameter: '${part.fieldname}'.`, {
      param: part.fieldname,
    });
  }
  if (purpose !== undefined && purpose !== 'fine-tune') throw wrongPurpose;
  const fileName = part.filename.replaceAll('\0', '').slice(0, 255) || 'upload.jsonl';
  return createDataset(call.context, { fileName, content: part.file, duplicates });
}

export const createFile = endpoint({
  method: 'POST',
  path: '/v1/files',
  operationId: 'createFile',
  summary: 'Upload a training file: checked line by line as it arrives, refused with the line at fault.',
  rule: 'datasets.create',
  multipart: uploadForm,
  answer: fileObjectSchema,
  handle: receive,
});

export const listFiles = endpoint({
  method: 'GET',
  path: '/v1/files',
  operationId: 'listFiles',
  summary: 'List files, newest first.',
  rule: 'datasets.list',
  query: fileListQuerySchema,
  answer: pageSchema(fileObjectSchema),
  async handle({ context, query }) {
    if (query.purpose === 'fine-tune-results') return toPage([], false);
    const sort = query.order === 'asc' ? 'oldest' : 'newest';
    const { items, hasMore } = await pageAfter((page) => listDatasets(context, { ...page, sort }), query);
    return toPage(items.map(toFileObject), hasMore);
  },
});

export const retrieveFile = endpoint({
  method: 'GET',
  path: '/v1/files/:id',
  operationId: 'retrieveFile',
  summary: 'Describe a file.',
  rule: 'datasets.get',
  answer: fileObjectSchema,
  handle(call) {
    const id = call.params.id!;
    return dataSetOrResult(
      id,
      async () => toFileObject(await getDataset(call.context, { datasetId: id })),
      async () => (await resultFile(call, id)).object,
    );
  },
});

export const deleteFile = endpoint({
  method: 'DELETE',
  path: '/v1/files/:id',
  operationId: 'deleteFile',
  summary: 'Delete a file and its content.',
  rule: 'datasets.delete',
  answer: deletedSchema,
  async handle({ context, params }) {
    const { id } = await deleteDataset(context, { datasetId: params.id! });
    return { id, object: 'file', deleted: true };
  },
});

export const readFile = endpoint({
  method: 'GET',
  path: '/v1/files/:id/content',
  operationId: 'downloadFile',
  summary: "Download a file as it was uploaded, or a job's metrics as CSV.",
  rule: 'datasets.content',
  answer: 'bytes',
  async handle(call) {
    const id = call.params.id!;
    const file = await dataSetOrResult(
      id,
      () => readDatasetContent(call.context, { datasetId: id }),
      async () => {
        const { object, content } = await resultFile(call, id);
        return { name: object.filename, bytes: object.bytes, stream: Readable.from([content], { objectMode: false }) };
      },
    );
    call.reply
      .type('application/octet-stream')
      .header('content-length', file.bytes)
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`)
      .send(file.stream);
    return undefined;
  },
});
