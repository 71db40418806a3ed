import type { Endpoint } from '../http/endpoint.ts';
import { createChatCompletion } from './chat.ts';
import { createCompletion } from './completions.ts';

/** All of /v1. */
export const endpoints: readonly Endpoint[] = [createCompletion, createChatCompletion];
