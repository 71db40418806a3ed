import { quotaNames, quotaOverrideSchema } from '@parapet/contracts/quota';
import { expect, it } from 'vitest';
import { toOverride } from './override.ts';

it('tells the plan’s limit, a limit of its own and no limit apart', () => {
  const fields = new FormData();
  fields.set('gpuSecondsPerMonth', '0');
  fields.set('adapters', '');
  fields.set('requestsPerMinute', '7');
  fields.set('requestsPerMinute:unlimited', 'on');
  expect(quotaOverrideSchema.parse(toOverride(quotaNames, fields))).toEqual({
    gpuSecondsPerMonth: 0,
    requestsPerMinute: null,
  });
});
