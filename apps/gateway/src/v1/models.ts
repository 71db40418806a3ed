import { ParapetError } from '@parapet/contracts/errors';
import { deletedSchema, unixSeconds } from '@parapet/contracts/openai-common';
import { type Model, modelListSchema, modelSchema } from '@parapet/contracts/openai-models';
import { deleteModel as deleteModelVerb } from '@parapet/control/verbs/models/delete-model';
import { type ListedModel, listModels as listModelsVerb } from '@parapet/control/verbs/models/list-models';
import { endpoint } from '../http/endpoint.ts';

const toModel = (model: ListedModel): Model => ({
  id: model.model,
  object: 'model',
  created: unixSeconds(model.createdAt),
  owned_by: model.ownedBy,
});

export const listModels = endpoint({
  method: 'GET',
  path: '/v1/models',
  operationId: 'listModels',
  summary: 'List the models that the caller may call, and no others.',
  rule: 'models.list',
  answer: modelListSchema,
  handle: async ({ context }) => ({ object: 'list', data: (await listModelsVerb(context)).map(toModel) }),
});

export const retrieveModel = endpoint({
  method: 'GET',
  path: '/v1/models/:model',
  operationId: 'retrieveModel',
  summary: 'Describe a model.',
  rule: 'models.list',
  answer: modelSchema,
  async handle({ context, params }) {
    const found = (await listModelsVerb(context)).find(({ model }) => model === params.model);
    if (found) return toModel(found);
    throw new ParapetError(
      'model_not_found',
      `The model '${params.model}' does not exist or you do not have access to it.`,
      { param: 'model' },
    );
  },
});

export const deleteModel = endpoint({
  method: 'DELETE',
  path: '/v1/models/:model',
  operationId: 'deleteModel',
  summary: "Delete one of the organisation's adapters.",
  rule: 'models.delete',
  answer: deletedSchema,
  async handle({ services, context, params }) {
    const { id } = await deleteModelVerb(context, { model: params.model! });
    services.forgetModel(params.model!);
    return { id, object: 'model', deleted: true };
  },
});
