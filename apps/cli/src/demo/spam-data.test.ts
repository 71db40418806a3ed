import { describe, expect, it } from 'vitest';
import { mailText } from './mail-text.ts';
import { ShingleIndex, spamData } from './spam-data.ts';

describe('spamData', () => {
  const data = spamData();
  const all = [...data.train, ...data.heldOut];

  it('is 600 and 300 rows, half of each spam', () => {
    expect([data.train.length, data.heldOut.length]).toEqual([600, 300]);
    for (const rows of [data.train, data.heldOut])
      expect(rows.filter((row) => row.completion === 'spam').length).toBe(rows.length / 2);
  });

  it('is the same every time', () => {
    expect(spamData()).toEqual(data);
  });

  it('holds no text twice, not even nearly', () => {
    const index = new ShingleIndex();
    for (const { prompt } of all) expect(index.addIfNew(prompt.split('\n\n').slice(1).join('\n\n'))).toBe(true);
  });

  it('shows the mail and no header of it', () => {
    for (const { prompt, completion } of all) {
      expect(prompt).toMatch(/^Is this mail spam or ham\? Answer with one word\.\n\nSubject: /);
      expect(prompt).not.toMatch(/\n(X-Spam[\w-]*|Return-Path|Received): |<\/?(html|body|table|font)\b/i);
      expect(prompt.length).toBeLessThan(700);
      expect(['spam', 'ham']).toContain(completion);
    }
  });
});

describe('ShingleIndex', () => {
  it('knows a mail again with other numbers, addresses and case', () => {
    const index = new ShingleIndex();
    const text = (n: number, who: string) =>
      `Dear ${who}@example.com, you have WON $${n}! Visit http://x.example/${n} to claim your prize before it is gone`;
    expect(index.addIfNew(text(100, 'ann'))).toBe(true);
    expect(index.addIfNew(text(2500, 'bob').toLowerCase())).toBe(false);
    expect(index.addIfNew('The meeting is moved to Thursday, please bring the numbers of last year')).toBe(true);
  });
});

describe('mailText', () => {
  it('decodes what a mail is wrapped in', () => {
    const raw = [
      'From x Thu Aug 22 2002',
      'Subject: =?iso-8859-1?Q?Caf=E9_offer?=',
      'Content-Type: multipart/alternative;',
      '\tboundary="b1"',
      '',
      'ignored',
      '--b1',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('<html><style>p{}</style><p>Buy&nbsp;<b>caf\u00e9</b> today, it is cheap!</p></html>').toString(
        'base64',
      ),
      '--b1--',
    ].join('\r\n');
    expect(mailText(raw)).toBe('Subject: Caf\u00e9 offer\n\nBuy caf\u00e9 today, it is cheap!');
  });

  it('takes soft line breaks and quotation marks out', () => {
    const raw =
      'Subject: a\nContent-Transfer-Encoding: quoted-printable\n\n> This is a long li=\nne =3D quoted --------- text';
    expect(mailText(raw)).toBe('Subject: a\n\nThis is a long line = quoted --- text');
  });

  it('has nothing to say of a mail without text', () => {
    expect(mailText('Subject: a\nContent-Type: image/gif\n\nR0lGODlhAQABAIAAAAAAAP')).toBeNull();
  });
});
