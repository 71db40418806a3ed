/** What the playground sends; the same object is shown as code. */
export type ChatParameters = {
  system: string;
  prompt: string;
  temperature: number;
  maxTokens: number;
  topP: number;
  seed: number | null;
};

/** The body of /v1/chat/completions. What stands at its default is left out, so that the code shown is short. */
export function chatBody(model: string, parameters: ChatParameters, strength: number | null): Record<string, unknown> {
  const { system, prompt, temperature, maxTokens, topP, seed } = parameters;
  return {
    model,
    messages: [
      ...(system.trim() === '' ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content: prompt },
    ],
    max_tokens: maxTokens,
    temperature,
    ...(topP === 1 ? {} : { top_p: topP }),
    ...(seed === null ? {} : { seed }),
    ...(strength === null || strength === 1 ? {} : { parapet: { adapter_strength: strength } }),
  };
}
