import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from '../../src/config.js';
import { isThere, run, works } from '../tools/external-tool.js';

const UNIT = 'contrib/systemd/respite.service';
/** Ten times the exposure that `systemd-analyze security` may report. It reports 1.3; a plain service has 9.6. */
const THRESHOLD = 15;

const settings = new Map(
  [...readFileSync(UNIT, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
);

describe('the systemd unit', () => {
  it.skipIf(!isThere('systemd-analyze', 'systemd', works('systemd-analyze', '--version')))(
    'is valid, and exposes little of the machine',
    async () => {
      // It prints what it does not understand.
      expect(await run('systemd-analyze', ['verify', UNIT])).toBe('');
      const options = ['security', '--offline=yes', '--no-pager', `--threshold=${THRESHOLD}`];
      await run('systemd-analyze', [...options, UNIT]);
    },
  );

  it('reloads by the signal for it', () => {
    expect(settings.get('ExecReload')).toMatch(/ -HUP \$MAINPID$/);
    // Before the program can handle the signal, it ends the process.
    expect(settings.get('RestartForceExitStatus')).toBe('SIGHUP');
  });

  it('gives the program its directory, and time to stop', () => {
    const { initial } = OPTIONS['shutdown-timeout'];
    expect(Number(settings.get('TimeoutStopSec'))).toBeGreaterThan(initial);
    expect(settings.get('ExecStart')).toContain(` --dir /var/lib/${settings.get('StateDirectory')}`);
    // One descriptor for each client, and some for files.
    expect(Number(settings.get('LimitNOFILE'))).toBeGreaterThan(2 * OPTIONS.maxclients.initial);
  });
});
