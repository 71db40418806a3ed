/** Aborts on SIGTERM or SIGINT, and when the parent that holds our IPC channel or standard input is gone. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error('The worker is stopping.'));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  return controller.signal;
}
