'use client';

import { useSyncExternalStore } from 'react';
import { Card, CardBody, CardHeader } from '#components/card.tsx';
import { CodeBlock } from '#components/code-block.tsx';
import { start as text } from '#text/en/start.ts';

const never = () => () => {};

/** The base URL for an OpenAI client: this portal's own, which passes /v1 on. */
export function Endpoint() {
  const origin = useSyncExternalStore(
    never,
    () => window.location.origin,
    () => '',
  );
  return (
    <Card>
      <CardHeader title={text.endpoint} description={text.endpointText} />
      <CardBody>
        <CodeBlock label={text.endpoint} code={`${origin}/v1`} />
      </CardBody>
    </Card>
  );
}
