import { type PreviewRow, previewRowsInputSchema } from '@parapet/contracts/portal/datasets';
import { asMessages } from '@parapet/contracts/training-row';
import { readRows } from '../../datasets/count-tokens.ts';
import { requireDataset } from '../../datasets/dataset-view.ts';
import { defineVerb } from '../../verb.ts';

/** Rows as the model will see them: the chat template rendered, what is trained on marked. */
export const previewRows = defineVerb(
  'datasets.rows',
  previewRowsInputSchema,
  async ({ read, services }, { datasetId, offset, limit }): Promise<{ rows: PreviewRow[]; total: number }> => {
    const dataset = await read((tx) => requireDataset(tx, datasetId));
    const wanted = [];
    let index = 0;
    for await (const row of readRows(services.blobs, dataset.rowsDigest)) {
      if (index++ < offset) continue;
      wanted.push(row);
      if (wanted.length === limit) break;
    }
    const rendered = await services.tokenizer?.render(wanted.map(({ row }) => row));
    const rows = wanted.map(({ line, row }, at): PreviewRow => {
      const seen = rendered?.[at];
      return {
        line,
        messages: asMessages(row).map(({ role, content, weight }) => ({
          role,
          content,
          weight: role === 'assistant' ? (weight ?? 1) : 0,
        })),
        text: seen?.text ?? '',
        targets: seen?.targets ?? [],
        tokens: seen?.total ?? null,
        completionTokens: seen?.completion ?? null,
      };
    });
    return { rows, total: dataset.rows };
  },
);
