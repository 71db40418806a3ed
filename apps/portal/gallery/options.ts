import { parseArgs } from 'node:util';

export type SignIn = { email: string; password: string };

const usage = `Takes a picture of every page of a running portal, light and dark, 1280 and 390 pixels wide. With --check it also
fails on what axe finds, on more JavaScript than the budget, on errors in the console and on pages that scroll sideways.

  npm run screenshots -- --customer you@example.com:password [--admin admin@example.com:password]
                         [--url http://localhost:3000] [--out screenshots] [--only start,keys] [--check]
                         [--browser /usr/bin/chromium]`;

/** The command's options, or the process ends with how to use it. */
export function screenshotOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://localhost:3000' },
      out: { type: 'string', default: 'screenshots' },
      customer: { type: 'string' },
      admin: { type: 'string' },
      only: { type: 'string' },
      browser: { type: 'string', default: '/usr/bin/chromium' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || (values.customer === undefined && values.admin === undefined)) {
    console.error(usage);
    process.exit(values.help ? 0 : 2);
  }
  return {
    url: values.url.replace(/\/$/, ''),
    out: values.out,
    browser: values.browser,
    check: values.check,
    only: values.only?.split(',') ?? null,
    signIns: { customer: signIn(values.customer), admin: signIn(values.admin) },
  };
}

/** `email:password`; the password may hold colons. */
function signIn(text: string | undefined): SignIn | null {
  if (text === undefined) return null;
  const at = text.indexOf(':');
  if (at < 0) {
    console.error(usage);
    process.exit(2);
  }
  return { email: text.slice(0, at), password: text.slice(at + 1) };
}
