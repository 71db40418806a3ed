export const samples = {
  useSample: 'Use a sample',
  sampleTitle: 'Sample datasets',
  sampleText: 'They ship with the platform: real data, ready to train on.',
  sampleRows: (rows: string, licence: string) => `${rows} rows · ${licence}`,
  sampleAdd: (title: string) => `Add ${title}`,
  add: 'Add',
  sampleAdded: (title: string) => `${title} was added to your datasets.`,
};
