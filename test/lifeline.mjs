// Imported into processes that tests start: their input ends when whoever started them does, even if that was killed.
process.stdin.on('error', () => {});
process.stdin.once('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.resume();
process.stdin.unref();
