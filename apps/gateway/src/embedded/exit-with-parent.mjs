// Loaded before a child's own code (`node --import`): when the parent's end of the channel closes, which happens
// even when it is killed with -9, the child ends too instead of holding ports and memory for nobody.
const graceMs = 10_000;

if (process.channel) {
  process.channel.unref();
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), graceMs).unref();
    process.kill(process.pid, 'SIGTERM');
  });
}
