/** Characters of the body that are kept: enough to judge by, few enough to train on a CPU. */
const bodyCharacters = 180;

/**
 * The subject and the beginning of the body of a raw mail, as a reader sees them, or null when no English text is
 * left. Headers, markup, encodings, quotations' marks and attachments are gone.
 *
 * @param raw the mail as latin1, one character a byte
 */
export function mailText(raw: string): string | null {
  const { headers, body } = splitMail(raw);
  const subject = readable(decodeWords(headers.get('subject') ?? ''));
  const text = readable(bodyText(headers, body, 0));
  const foreign = text.replace(/[\x20-\x7e]/g, '').length; // the base model reads English
  if (text.length < 20 || foreign > text.length / 10) return null;
  const cut = text.length <= bodyCharacters ? text : text.slice(0, text.lastIndexOf(' ', bodyCharacters));
  return `Subject: ${subject}\n\n${cut}`;
}

type Headers = ReadonlyMap<string, string>;

function splitMail(raw: string): { headers: Headers; body: string } {
  const text = raw.replace(/\r\n?/g, '\n');
  const end = text.indexOf('\n\n');
  const head = (end < 0 ? text : text.slice(0, end)).replace(/\n[ \t]+/g, ' ');
  const headers = new Map<string, string>();
  for (const line of head.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end < 0 ? '' : text.slice(end + 2) };
}

/** The first readable part of a body; multipart bodies are opened, a few levels deep. */
function bodyText(headers: Headers, body: string, depth: number): string {
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary !== undefined && depth < 4) {
    const parts = body
      .split(`--${boundary.trim()}`)
      .slice(1)
      .map((part) => splitMail(part.replace(/^\s*\n/, '')));
    for (const part of parts) {
      const text = bodyText(part.headers, part.body, depth + 1);
      if (text.trim() !== '') return text;
    }
    return '';
  }
  if (!/^(text|message)\b/i.test(type) && !/^multipart\//i.test(type)) return '';
  if (depth < 4 && (/^message\b/i.test(type) || /^\s*(Return-Path|Received|Delivered-To): /.test(body))) {
    const inner = splitMail(body.trimStart()); // a mail inside the mail
    return bodyText(inner.headers, inner.body, depth + 1);
  }
  const decoded = decodeTransfer(body, headers.get('content-transfer-encoding') ?? '');
  const text = decodeCharset(decoded, /charset="?([\w-]+)/i.exec(type)?.[1] ?? 'latin1');
  return /html/i.test(type) || /<html|<body|<table/i.test(text) ? withoutMarkup(text) : text;
}

function decodeTransfer(body: string, encoding: string): string {
  if (/base64/i.test(encoding)) return Buffer.from(body, 'base64').toString('latin1');
  if (!/quoted-printable/i.test(encoding)) return body;
  return body
    .replace(/=[ \t]*\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function decodeCharset(latin1: string, charset: string): string {
  try {
    return new TextDecoder(charset).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1; // a charset nobody knows
  }
}

/** RFC 2047: `=?charset?B or Q?…?=` in a header. */
function decodeWords(header: string): string {
  return header.replace(/=\?([\w-]+)\?([bq])\?([^?]*)\?=/gi, (_, charset: string, kind: string, text: string) =>
    decodeCharset(
      kind.toLowerCase() === 'b'
        ? decodeTransfer(text, 'base64')
        : decodeTransfer(text.replaceAll('_', ' '), 'quoted-printable'),
      charset,
    ),
  );
}

const entities: Readonly<Record<string, string>> = { nbsp: ' ', amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function withoutMarkup(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/<(style|script|title)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/&#(\d{2,5});/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(\w+);?/g, (whole, name: string) => entities[name.toLowerCase()] ?? whole);
}

/** Printable characters, runs of blanks and of ruling characters shortened, no quotation marks at line beginnings. */
function readable(text: string): string {
  return text
    .replace(/[^\P{C}\n\t]/gu, ' ')
    .replace(/^[>|:\s]+/gm, '')
    .replace(/([-_=*#~.+])\1{3,}/g, '$1$1$1')
    .replace(/\s+/g, ' ')
    .trim();
}
