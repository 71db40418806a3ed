import { z } from 'zod';
import { quotaView } from '../../usage/quota-view.ts';
import { defineVerb } from '../../verb.ts';

export const getQuota = defineVerb('quota.get', z.void(), ({ read, tenancy, now }) =>
  read((tx) => quotaView(tx, tenancy.id, now)),
);
