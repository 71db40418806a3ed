import { z } from 'zod';
import { selectKeys } from '../../keys/key-view.ts';
import { defineVerb } from '../../verb.ts';

/** All keys of the organisation, revoked ones too, never their secrets. */
export const listKeys = defineVerb('keys.list', z.void(), ({ read, now }) => read((tx) => selectKeys(tx, now)));
