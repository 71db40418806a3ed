import { errorTable, openAiErrorSchema } from '@parapet/contracts/errors';
import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

type Json = Record<string, unknown>;

/** A schema as OpenAPI 3.1 takes it (JSON Schema 2020-12). Inputs as they are sent, before defaults. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return json as Json;
}

const jsonContent = (schema: Json): Json => ({ 'application/json': { schema } });

/** The description of /v1, made from the endpoints that serve it: it can't say anything else than they do. */
export function describeApi(endpoints: readonly Endpoint[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    const item = paths[path] ?? {};
    item[endpoint.method.toLowerCase()] = operationOf(endpoint);
    paths[path] = item;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parapet',
      version,
      description: 'OpenAI-compatible completions, chat, files and fine-tuning, with our own fields under `parapet`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: pk_live_…' } },
      schemas: { Error: schemaOf(openAiErrorSchema, 'output') },
    },
  };
}

function operationOf(endpoint: Endpoint): Json {
  const pathParameters = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const operation: Json = {
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    'x-parapet-rule': endpoint.rule,
    parameters: [...pathParameters, ...queryParameters(endpoint), ...idempotencyParameter(endpoint)],
    responses: { '200': answerOf(endpoint), ...refusals },
  };
  if (endpoint.body) {
    operation.requestBody = { required: true, content: jsonContent(schemaOf(endpoint.body, 'input')) };
  } else if (endpoint.multipart) {
    operation.requestBody = {
      required: true,
      content: { 'multipart/form-data': { schema: schemaOf(endpoint.multipart, 'input') } },
    };
  }
  return operation;
}

function answerOf(endpoint: Endpoint): Json {
  if (endpoint.answer === 'bytes') {
    return { description: 'The file.', content: { 'application/octet-stream': { schema: { type: 'string' } } } };
  }
  const content = jsonContent(schemaOf(endpoint.answer, 'output'));
  // Each event's `data` holds one of these; the last line is `data: [DONE]`.
  if (endpoint.chunk) content['text/event-stream'] = { schema: schemaOf(endpoint.chunk, 'output') };
  return { description: 'It went well.', content };
}

function queryParameters({ query }: Endpoint): Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

const idempotencyParameter = ({ method }: Endpoint): Json[] =>
  method === 'GET'
    ? []
    : [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } }];

const refusals = Object.fromEntries(
  [...new Set(Object.values(errorTable).map((row) => row.status))].map((status) => {
    const codes = Object.entries(errorTable)
      .filter(([, row]) => row.status === status)
      .map(([code]) => code);
    return [
      String(status),
      { description: codes.join(', '), content: jsonContent({ $ref: '#/components/schemas/Error' }) },
    ];
  }),
);
