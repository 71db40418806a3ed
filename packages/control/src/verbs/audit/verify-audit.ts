import { z } from 'zod';
import { verifyChain } from '../../audit/entries.ts';
import { defineVerb } from '../../verb.ts';

export const verifyAudit = defineVerb('audit.verify', z.void(), ({ read, tenancy }) =>
  read((tx) => verifyChain(tx, tenancy.id)),
);
