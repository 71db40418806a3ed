/** Someone signed in at the gateway: sign-up or sign-in by its own forms, then calls of its tRPC procedures. */
export class Person {
  private constructor(
    private readonly gatewayUrl: string,
    private readonly origin: string,
    readonly email: string,
    readonly password: string,
    private readonly cookie: string,
  ) {}

  static async enter(
    gatewayUrl: string,
    origin: string,
    how: 'sign-up' | 'sign-in',
    who: { name?: string; email: string; password: string },
  ): Promise<Person> {
    const answer = await fetch(`${gatewayUrl}/auth/${how}/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify(who),
    });
    if (!answer.ok) throw new Error(`${how} answered ${answer.status}: ${await answer.text()}`);
    const cookies = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
    return new Person(gatewayUrl, origin, who.email, who.password, cookies.join('; '));
  }

  async call(kind: 'query' | 'mutation', path: string, input?: unknown): Promise<unknown> {
    const headers = { cookie: this.cookie, origin: this.origin, 'content-type': 'application/json' };
    const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`;
    const answer =
      kind === 'query'
        ? await fetch(`${this.gatewayUrl}/trpc/${path}${query}`, { headers })
        : await fetch(`${this.gatewayUrl}/trpc/${path}`, { method: 'POST', headers, body: JSON.stringify(input) });
    const body = (await answer.json()) as { result?: { data: unknown }; error?: { message: string } };
    if (!body.result) throw new Error(`${path} answered ${answer.status}: ${body.error?.message}`);
    return body.result.data;
  }
}
