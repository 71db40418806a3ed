import { fail } from './terminal.ts';

/** The `parapet` command: one file a command, loaded only when it is asked for. */
const commands = {
  start: { summary: 'start the platform: gateway, workers, portal', load: () => import('./commands/start.ts') },
  demo: {
    summary: 'start it, train an adapter on real mail and call it (--exit stops at the end)',
    load: () => import('./commands/demo.ts'),
  },
  doctor: {
    summary: 'tell what works on this machine, and what to do about the rest',
    load: () => import('./commands/doctor.ts'),
  },
  model: { summary: 'fetch and verify a base model: model fetch [name]', load: () => import('./commands/model.ts') },
} as const;

const [name = 'help', ...args] = process.argv.slice(2);
if (name === 'help' || name === '--help' || name === '-h') {
  console.log('Usage: npm run parapet -- <command>\n');
  for (const [command, { summary }] of Object.entries(commands)) console.log(`  ${command.padEnd(10)} ${summary}`);
} else if (name in commands) {
  try {
    const { run } = await commands[name as keyof typeof commands].load();
    process.exitCode = await run(args);
  } catch (error) {
    fail(error);
  }
} else {
  fail(`there is no command "${name}"; \`npm run parapet -- help\` lists them.`);
}
