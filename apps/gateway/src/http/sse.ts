import type { ServerResponse } from 'node:http';

/** A comment this often keeps proxies from closing a stream whose request still waits for the engine. */
const keepaliveMs = 15_000;
/** A reader that takes nothing for so long counts as gone. */
const stallMs = 60_000;

/** The client closed the connection or stopped reading. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/**
 * One server-sent event stream. `send` gives a promise where the socket is full, kept when it has room again, so
 * that a slow reader slows the engine's stream down instead of filling memory.
 */
export class EventStream {
  readonly #response: ServerResponse;
  #keepalive: NodeJS.Timeout | undefined;
  #corked = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Sends the status line and `headers`. */
  open(headers: Record<string, string>): void {
    this.#response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    this.#response.flushHeaders();
    this.#response.socket?.setNoDelay(true);
    this.#keepalive = setInterval(() => {
      if (!this.#response.writableNeedDrain) this.#response.write(': keepalive\n\n');
    }, keepaliveMs);
  }

  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  /** @throws ClientGone */
  async send(data: object): Promise<void> {
    if (this.#response.destroyed) throw new ClientGone('the client closed the connection');
    this.#gather();
    if (!this.#response.write(`data: ${JSON.stringify(data)}\n\n`)) await this.#drained();
  }

  /** What the engine sent in one piece leaves in one piece: events that are there at the same time share a write. */
  #gather(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#response.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#response.uncork();
    });
  }

  /** Ends a stream that went well. */
  done(): void {
    clearInterval(this.#keepalive);
    this.#response.end('data: [DONE]\n\n');
  }

  /** Ends a stream in mid-air: the error is its last event and no `[DONE]` follows. */
  fail(body: object): void {
    clearInterval(this.#keepalive);
    if (!this.#response.destroyed) this.#response.end(`data: ${JSON.stringify(body)}\n\n`);
  }

  /** Stops the keepalive of a stream whose client is gone. */
  abandon(): void {
    clearInterval(this.#keepalive);
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => () => {
        clearTimeout(timer);
        this.#response.off('drain', onDrain).off('close', onClose);
        finish();
      };
      const onDrain = settle(resolve);
      const onClose = settle(() => reject(new ClientGone('the client closed the connection')));
      const timer = setTimeout(() => {
        onClose();
        this.#response.destroy();
      }, stallMs);
      this.#response.once('drain', onDrain).once('close', onClose);
    });
  }
}
