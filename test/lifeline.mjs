// Preloaded into processes that tests start. Their standard input closes when the process that started them ends, even if it was
// killed.
process.stdin.on('error', () => {});
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.resume();
process.stdin.unref();
