import { CodeBlock } from '#components/code-block.tsx';
import { datasets as text } from '#text/en/datasets.ts';

const chat =
  '{"messages": [{"role": "user", "content": "My card never came."}, {"role": "assistant", "content": "card_arrival"}]}';
const completion = '{"prompt": "My card never came.", "completion": "card_arrival"}';

/** The two forms of a row, folded away until asked for. */
export function FormatHelp() {
  return (
    <details className="group mt-6 rounded-xl border border-line bg-surface px-5 py-3.5">
      <summary className="cursor-pointer rounded font-medium text-[0.8125rem]">{text.formatHelp}</summary>
      <div className="mt-3 grid gap-3 text-[0.8125rem] text-muted">
        <p>{text.formatChat}</p>
        <CodeBlock code={chat} label={text.formatChat} />
        <p>{text.formatPrompt}</p>
        <CodeBlock code={completion} label={text.formatPrompt} />
      </div>
    </details>
  );
}
