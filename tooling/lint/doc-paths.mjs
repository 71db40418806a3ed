// A path in a document that leads nowhere fails: `code` that looks like a path of this repository, and relative links.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
});
const problems = [];
for (const file of tracked.split('\n').filter((path) => path !== '' && existsSync(path))) {
  const text = readFileSync(file, 'utf8').replace(/```[\s\S]*?```/g, '');
  for (const [, link] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    if (!existsSync(join(dirname(file), link))) problems.push(`${file}: link to ${link} leads nowhere.`);
  }
  for (const [, path] of text.matchAll(/`((?:apps|packages|bench|infra|e2e|tooling|docs)\/[\w./-]+)`/g)) {
    if (!existsSync(path)) problems.push(`${file}: ${path} does not exist.`);
  }
}
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
