/** What a browser does of a sign-in by redirects: cookies a host, the origin on what changes something, one page after another. */
export class Browser {
  private readonly jars = new Map<string, Map<string, string>>();

  constructor(private readonly origin: string) {}

  /** One request; redirects are not followed. */
  async ask(url: string, body?: object): Promise<Response> {
    const { hostname } = new URL(url);
    const jar = this.jars.get(hostname) ?? new Map<string, string>();
    this.jars.set(hostname, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        ...(cookie && { cookie }),
        ...(body && { 'content-type': 'application/json', origin: this.origin }),
      },
      body: body && JSON.stringify(body),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      const name = pair.slice(0, pair.indexOf('='));
      const ends = /max-age=(-?\d+)/i.exec(line)?.[1];
      if (ends === '0' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(name.length + 1));
    }
    return answer;
  }

  /** Follows redirects from `url` until `stop` likes an address, which is not asked for; answers that address. */
  async follow(url: string, stop: (url: URL) => boolean): Promise<URL> {
    let at = new URL(url);
    for (let hops = 0; hops < 20; hops++) {
      if (stop(at)) return at;
      const answer = await this.ask(at.href);
      const to = answer.headers.get('location');
      if (to === null) throw new Error(`${at.href} answered ${answer.status}: ${await answer.text()}`);
      at = new URL(to, at);
    }
    throw new Error(`too many redirects, the last to ${at.href}`);
  }

  /** The cookies that a host would be sent. */
  cookies(hostname: string): string {
    return [...(this.jars.get(hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
