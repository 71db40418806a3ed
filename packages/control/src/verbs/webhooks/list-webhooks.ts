import { z } from 'zod';
import { defineVerb } from '../../verb.ts';
import { selectWebhooks } from '../../webhooks/webhook-view.ts';

export const listWebhooks = defineVerb('webhooks.list', z.void(), ({ read }) => read((tx) => selectWebhooks(tx)));
