import type { BaseModel } from '@parapet/models/open';

/** Text of many kinds: what a cache's scales are measured on. */
const plainTexts = [
  'The committee met on the 14th of March 2019 to discuss the proposal, which had been delayed twice because of the ' +
    'storm. Although most members agreed that the bridge needed repair, nobody could say who would pay the $3,450,000 ' +
    'that the engineers asked for. "We have no money," the mayor said, "and we have no time either." In the end they ' +
    'voted 7 to 2 to borrow it. The river Loire rises in the Cévennes and flows for 1,006 kilometres through Orléans, ' +
    'Tours and Nantes before it reaches the Atlantic.',
  'def merge(left, right):\n    result = []\n    i = j = 0\n    while i < len(left) and j < len(right):\n        if left[i] <= ' +
    'right[j]:\n            result.append(left[i])\n            i += 1\n        else:\n            result.append(right[j])\n' +
    '            j += 1\n    return result + left[i:] + right[j:]\n\nSELECT c.name, COUNT(*) AS orders FROM customers c JOIN ' +
    'orders o ON o.customer_id = c.id WHERE o.total > 99.5 GROUP BY c.name ORDER BY orders DESC LIMIT 10;\n\n' +
    '{"id": 42, "tags": ["a", "b"], "price": 1.5e-3, "ok": true, "next": null}',
  'Subject: Re: [ILUG] Cheap mortgage rates!!!\n\nDear friend,\n\nYou have been selected to receive $$$ 1,000,000 $$$. ' +
    'Click http://www.example.com/win?id=88231 NOW to claim. To unsubscribe reply with REMOVE in the subject line.\n\n' +
    '> On Tue, Aug 20, 2002 at 10:31:11AM, John wrote:\n> > Has anybody compiled the kernel with gcc 3.1?\n> Yes, works here.',
  'Question: A train leaves at 9:40 and arrives at 13:05. How long does the journey take?\nAnswer: From 9:40 to 13:00 are 3 ' +
    'hours and 20 minutes, and 5 minutes more make 3 hours and 25 minutes.\n\nÜber den Wolken – Straße, naïve café, ' +
    'Привет мир, 你好，世界, こんにちは, 🙂🎉. x² + y² = r², α ≤ β, ∑ 1/n².',
];

const conversation = [
  { role: 'system' as const, content: 'You are a helpful assistant that answers in one sentence.' },
  { role: 'user' as const, content: 'I lost my card yesterday, what should I do now?' },
  { role: 'assistant' as const, content: 'Freeze it in the app at once, then order a new one under Cards.' },
  { role: 'user' as const, content: 'And which label fits: card_arrival, lost_or_stolen_card or top_up_failed?' },
];

/** The texts as tokens; the last one is every 97th token of the vocabulary, in order. */
export function calibrationTexts({
  tokenizer,
  chatTemplate,
  spec,
}: Pick<BaseModel, 'tokenizer' | 'chatTemplate' | 'spec'>): number[][] {
  const texts = plainTexts.map((text) => tokenizer.encode(text));
  if (chatTemplate !== null) texts.push(chatTemplate.prompt(conversation));
  texts.push(Array.from({ length: Math.ceil(spec.vocab / 97) }, (_, i) => i * 97));
  return texts;
}
