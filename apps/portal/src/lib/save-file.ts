import type { TextFileView } from '@parapet/contracts/portal/common';

/** Saves text the gateway made (a CSV, a statement) as a file of the visitor's. */
export function saveFile({ fileName, contentType, content }: TextFileView): void {
  const url = URL.createObjectURL(new Blob([content], { type: contentType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
