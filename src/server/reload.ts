import { type Config, ConfigError, describeOption, OPTIONS, type OptionName, withDefaults } from '../config.js';
import { counted } from '../counted.js';
import { withPassword } from '../credential-files.js';
import type { ReloadReport } from '../execution/context/reload-report.js';
import type { User } from '../execution/context/user.js';
import type { EventLog } from '../log/log-events.js';
import type { Access } from './access.js';
import type { Certificates } from './certificates.js';
import { type Credentials, readCredentials } from './credentials.js';
import { isProtectedBy, refuseExposure } from './protected-mode.js';
import type { Settings } from './settings.js';
import type { WebhookRunner } from './webhook-runner.js';

interface ReloadOptions {
  readonly settings: Settings;
  readonly access: Access;
  readonly certificates: Certificates;
  readonly webhooks: WebhookRunner;
  /** The configured secret with which the server has started. */
  readonly secret: Buffer | undefined;
  readonly clients: ReadonlyMap<number, ReloadedClient>;
  readonly log: EventLog;
}

/** A client whose user may change. */
interface ReloadedClient {
  readonly user: User | undefined;
  /**
   * Gives it the user's current permissions.
   * @param user Undefined if the user no longer exists. The client is then disconnected.
   * @returns Whether it is disconnected.
   */
  changeUser(user: User | undefined): boolean;
}

const EVENT = { event: 'reload' } as const;

/**
 * Applies what the sources of options, and the files that they name, say now. It is all or nothing: first everything is
 * read and checked, then it is applied in steps that cannot fail. Listeners stay open.
 */
export class Reload {
  readonly #options: ReloadOptions;

  constructor(options: ReloadOptions) {
    this.#options = options;
  }

  /**
   * @param read Returns the options that are given now.
   * @throws ConfigError if something is wrong. Nothing has changed then.
   */
  run(read: () => Partial<Config>): ReloadReport {
    const { log } = this.#options;
    try {
      return this.#reload(read());
    } catch (error) {
      if (error instanceof ConfigError) {
        const fields = { ...EVENT, reason: error.message };
        log.warning(`cannot reload, so nothing has changed: ${error.message}`, fields);
      }
      throw error;
    }
  }

  #reload(given: Partial<Config>): ReloadReport {
    const { settings, access, certificates, webhooks, secret } = this.#options;
    const before = settings.now;
    const next = withPassword(withDefaults(given));
    const merged = settings.merge(next);
    const { config, kept } = merged;
    const files = readCredentials({ ...config, secret: next.secret, 'secret-file': next['secret-file'] });
    if (!access.isProtected) refuseExposure(config, isProtectedBy(config, files.users));

    const changed = new Set(merged.changed);
    const restart = new Set(merged.restart);
    if (!isSameSecret(files.secret, secret)) restart.add(next['secret-file'] === '' ? 'secret' : 'secret-file');
    if (access.replaceUsers(files.users)) changed.add(config['users-file'] === '' ? 'users' : 'users-file');
    if (certificates.replace(files.tls)) changed.add('tls-cert');
    if (webhooks.replace(files.webhooks)) changed.add('webhook');
    settings.accept(merged);
    const report = { changed: [...changed], restart: [...restart], kept, disconnected: this.#updateClients() };
    this.#log(report, before, config);
    return report;
  }

  /** Returns how many clients are disconnected. */
  #updateClients(): number {
    const { clients, access } = this.#options;
    let disconnected = 0;
    for (const client of clients.values()) {
      if (client.user !== undefined && client.changeUser(access.userNamed(client.user.name))) disconnected++;
    }
    return disconnected;
  }

  #log({ changed, restart, kept, disconnected }: ReloadReport, before: Config, config: Config): void {
    const { log } = this.#options;
    const changes = changed.map((name) => describeChange(name, before, config));
    log.notice(changes.length === 0 ? 'reloaded: nothing has changed' : `reloaded: changed ${changes.join(', ')}`, {
      ...EVENT,
      changed: changed.join(' '),
      restart: restart.join(' '),
      kept: kept.join(' '),
      disconnected,
    });
    if (disconnected > 0) {
      const who = `${counted(disconnected, 'client')} disconnected`;
      log.notice(`${who}: their users no longer exist, or may no longer receive what they have subscribed to`, EVENT);
    }
    if (kept.length > 0) log.notice(`kept the values that CONFIG SET gave to: ${kept.join(', ')}`, EVENT);
    if (restart.length > 0) log.warning(`changed, but needs a restart: ${restart.join(', ')}`, EVENT);
  }
}

function isSameSecret(one: Credentials['secret'], other: Credentials['secret']): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

/** Returns `maxmemory (1gb, now 2gb)`, or only the name of a credential or of an option whose file has changed. */
function describeChange(name: OptionName, before: Config, config: Config): string {
  const [old, now] = [before, config].map((each) => describeOption(name, each[name]));
  if ('hidden' in OPTIONS[name] || old === now) return name;
  return `${name} (${old === '' ? 'empty' : old}, now ${now === '' ? 'empty' : now})`;
}
