'use client';

import { CodeBlock } from '#components/code-block.tsx';
import { playground as text } from '#text/en/playground.ts';
import { type CodeLanguage, codeSample } from './code-samples.ts';

/** A request as code in one language, against this portal's own address. */
export default function CodeView({ language, body }: { language: CodeLanguage; body: Record<string, unknown> }) {
  return (
    <CodeBlock label={text.codeLanguages[language]} code={codeSample(language, `${window.location.origin}/v1`, body)} />
  );
}
