export type CodeLanguage = 'curl' | 'python' | 'typescript';

/** A call of /v1/chat/completions as people write it; `parapet` is ours, so the official clients take it as an extra. */
export function codeSample(language: CodeLanguage, baseUrl: string, body: Record<string, unknown>): string {
  switch (language) {
    case 'curl':
      return [
        `curl ${baseUrl}/chat/completions \\`,
        '  -H "Authorization: Bearer $PARAPET_API_KEY" \\',
        '  -H "Content-Type: application/json" \\',
        `  -d ${shellQuote(JSON.stringify(body, null, 2))}`,
      ].join('\n');
    case 'python': {
      const { parapet, ...rest } = body;
      const fields = Object.entries(rest).map(([name, value]) => `    ${name}=${pythonLiteral(value)},`);
      if (parapet !== undefined) fields.push(`    extra_body={"parapet": ${pythonLiteral(parapet)}},`);
      return [
        'import os',
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url=${JSON.stringify(baseUrl)}, api_key=os.environ["PARAPET_API_KEY"])`,
        '',
        'answer = client.chat.completions.create(',
        ...fields,
        ')',
        'print(answer.choices[0].message.content)',
      ].join('\n');
    }
    case 'typescript': {
      const { parapet, ...rest } = body;
      const fields = JSON.stringify(rest, null, 2).slice(2, -2);
      const extra =
        parapet === undefined
          ? ''
          : `,\n  // @ts-expect-error Parapet's own field\n  "parapet": ${JSON.stringify(parapet)}`;
      return [
        "import OpenAI from 'openai';",
        '',
        `const client = new OpenAI({ baseURL: '${baseUrl}', apiKey: process.env.PARAPET_API_KEY });`,
        '',
        'const answer = await client.chat.completions.create({',
        `${fields}${extra},`,
        '});',
        'console.log(answer.choices[0].message.content);',
      ].join('\n');
    }
  }
}

/** Single quotes keep everything but themselves. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** JSON is Python but for its three words, which can't stand inside a string here: only values are replaced. */
function pythonLiteral(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value as Record<string, unknown>);
    return `{${pairs.map(([name, inner]) => `${JSON.stringify(name)}: ${pythonLiteral(inner)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}
