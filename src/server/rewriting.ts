import { OPTIONS } from '../config.js';
import type { EventLog } from '../log/log-events.js';
import type { RewritableFile } from './config-source.js';
import type { Settings } from './settings.js';

/**
 * Returns a function that writes what CONFIG SET has changed into the configuration file, and logs it. Its promise
 * rejects if the file cannot be written. The file then has its old content.
 */
export function rewriter(settings: Settings, file: RewritableFile, log: EventLog): () => Promise<void> {
  // Two rewrites at once would use the same temporary file.
  let last: Promise<void> = Promise.resolve();
  return () => {
    const run = last.then(() => rewrite(settings, file, log));
    last = run.catch(() => {});
    return run;
  };
}

async function rewrite(settings: Settings, file: RewritableFile, log: EventLog): Promise<void> {
  const { now, changedBySet: changes } = settings;
  const { isPrivate } = await file.rewrite(changes);
  const names = [...changes.keys()];
  const overridden = names.filter((name) => file.overriddenBy(name) !== undefined);
  // For the other options, a reload will not read the new value: the file does not count for them.
  settings.saved(
    names.filter((name) => !overridden.includes(name)),
    now,
  );
  const fields = { event: 'rewrite', path: file.path } as const;
  log.notice(
    names.length === 0
      ? `CONFIG REWRITE: CONFIG SET has changed nothing, so ${file.path} stays the same`
      : `CONFIG REWRITE: wrote ${names.join(', ')} to ${file.path}`,
    { ...fields, options: names.join(' ') },
  );
  if (!isPrivate && names.some((name) => 'hidden' in OPTIONS[name])) {
    log.warning(`${file.path} now contains a password, and other users of this machine can read it`, fields);
  }
  for (const name of overridden) {
    const message = `${name} in ${file.path} does not count: at the next start the ${file.overriddenBy(name)} comes first`;
    log.warning(message, fields);
  }
}
