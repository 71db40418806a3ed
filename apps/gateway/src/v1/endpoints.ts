import type { Endpoint } from '../http/endpoint.ts';
import { importAdapter, readAdapter } from './adapters.ts';
import { createChatCompletion } from './chat.ts';
import { createCompletion } from './completions.ts';
import { createFile, deleteFile, listFiles, readFile, retrieveFile } from './files.ts';
import {
  cancelFineTuningJob,
  createFineTuningJob,
  listFineTuningCheckpoints,
  listFineTuningEvents,
  listFineTuningJobs,
  pauseFineTuningJob,
  resumeFineTuningJob,
  retrieveFineTuningJob,
} from './fine-tuning.ts';
import { deleteModel, listModels, retrieveModel } from './models.ts';

/** All of /v1. */
export const endpoints: readonly Endpoint[] = [
  createCompletion,
  createChatCompletion,
  listModels,
  retrieveModel,
  deleteModel,
  createFile,
  listFiles,
  retrieveFile,
  deleteFile,
  readFile,
  createFineTuningJob,
  listFineTuningJobs,
  retrieveFineTuningJob,
  cancelFineTuningJob,
  pauseFineTuningJob,
  resumeFineTuningJob,
  listFineTuningEvents,
  listFineTuningCheckpoints,
  importAdapter,
  readAdapter,
];
