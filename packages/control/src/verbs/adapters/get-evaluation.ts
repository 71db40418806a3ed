import { type EvaluationCard, versionIdInputSchema } from '@parapet/contracts/portal/adapters';
import { jobSamples } from '@parapet/db/schema';
import { and, asc, desc, eq } from 'drizzle-orm';
import { requireVersion } from '../../adapters/adapter-view.ts';
import { defineVerb } from '../../verb.ts';

/** What a version scored where it was trained, with its last answers to held-out rows. */
export const getEvaluation = defineVerb('adapters.evaluation', versionIdInputSchema, ({ read }, { versionId }) =>
  read(async (tx): Promise<EvaluationCard> => {
    const { id, lineage } = await requireVersion(tx, versionId);
    const samples = await tx
      .select({
        step: jobSamples.step,
        prompt: jobSamples.prompt,
        expected: jobSamples.expected,
        base: jobSamples.base,
        adapted: jobSamples.adapted,
      })
      .from(jobSamples)
      .where(and(eq(jobSamples.orgId, tx.tenantId), eq(jobSamples.jobId, lineage.jobId ?? '')))
      .orderBy(desc(jobSamples.step), asc(jobSamples.position))
      .limit(50);
    const { finalMetrics, bestStep, stoppedEarly } = lineage;
    return {
      versionId: id,
      finalMetrics,
      bestStep,
      stoppedEarly,
      samples: samples.filter(({ step }) => step === samples[0]?.step),
    };
  }),
);
