import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Config, withDefaults } from '../../src/config.js';
import { CertificateWatch } from '../../src/server/certificate-watch.js';
import { Certificates } from '../../src/server/certificates.js';
import { describeCertificate, tlsOptions } from '../../src/server/tls.js';
import { keepLog } from '../embedded-server.js';
import { hasOpenssl, writeCertificate } from '../tools/certificate.js';

describe.skipIf(!hasOpenssl)('the watch of the certificate', () => {
  const root = mkdtempSync(join(tmpdir(), 'respite-watch-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const folder = (name: string) => join(root, name);
  for (const name of ['first', 'second']) {
    mkdirSync(folder(name));
    if (hasOpenssl) writeCertificate(folder(name), name);
  }

  let log = keepLog();
  let config: Config;
  let certificates: Certificates;
  let watch: CertificateWatch;
  let now: number;
  beforeEach(async () => {
    log = keepLog();
    rmSync(folder('used'), { recursive: true, force: true });
    cpSync(folder('first'), folder('used'), { recursive: true });
    config = withDefaults({ 'tls-cert': join(folder('used'), 'cert.pem'), 'tls-key': join(folder('used'), 'key.pem') });
    certificates = new Certificates(tlsOptions(config));
    now = Date.now();
    watch = new CertificateWatch(certificates, log, () => now);
    await look(3);
    expect([current(), log.lines]).toEqual(['CN=first', []]);
  });

  const current = () => describeCertificate(certificates.options).split(',')[0];
  const put = (name: string, file: string) => cpSync(join(folder(name), file), join(folder('used'), file));
  async function look(times = 2): Promise<void> {
    for (let i = 0; i < times; i++) await watch.look(config);
  }

  it('replaces it when its files have been rewritten and do not change any more', async () => {
    put('second', 'cert.pem');
    await look(1);
    put('second', 'key.pem');
    // Between two looks the files were still being written.
    await look(1);
    expect([current(), log.lines]).toEqual(['CN=first', []]);
    await look(1);
    expect(current()).toBe('CN=second');
    expect(log.lines).toEqual([
      expect.stringMatching(/^the certificate has changed: new connections get CN=second, valid until 20/),
    ]);
  });

  it('warns once when the certificate has expired, also of one that replaces it', async () => {
    now += 3 * 24 * 3600_000;
    await look(3);
    const expired = expect.stringMatching(/^the certificate has expired \(CN=first, valid until 20/);
    expect(log.lines).toEqual([expired]);
    put('second', 'cert.pem');
    put('second', 'key.pem');
    await look(3);
    expect(log.lines.slice(1)).toEqual([
      expect.stringMatching(/^the certificate has changed/),
      expect.stringMatching(/^the certificate has expired \(CN=second/),
    ]);
  });

  it('keeps the old one while the files do not match, and says so once', async () => {
    put('second', 'cert.pem');
    await look();
    truncateSync(join(folder('used'), 'key.pem'), 10);
    await look();
    rmSync(join(folder('used'), 'key.pem'));
    await look();
    expect(current()).toBe('CN=first');
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^cannot use the new certificate, so the old one stays in use: tls-key .* is not the private key/,
      ),
    ]);
    put('second', 'key.pem');
    await look();
    expect(current()).toBe('CN=second');
    put('first', 'key.pem');
    await look();
    put('second', 'key.pem');
    await look();
    expect(log.lines.slice(1)).toEqual([
      expect.stringMatching(/^the certificate has changed/),
      expect.stringMatching(/^cannot use the new certificate/),
      expect.stringMatching(/^the certificate can be read again: CN=second/),
    ]);
  });

  it('sees a link that is switched above the files, as Kubernetes does', async () => {
    rmSync(folder('used'), { recursive: true });
    mkdirSync(folder('used'));
    const link = (target: string, name: string) => symlinkSync(target, join(folder('used'), name));
    link(folder('first'), '..data');
    link('..data/cert.pem', 'cert.pem');
    link('..data/key.pem', 'key.pem');
    await look();
    expect(current()).toBe('CN=first');
    link(folder('second'), '..data_tmp');
    renameSync(join(folder('used'), '..data_tmp'), join(folder('used'), '..data'));
    await look();
    expect(current()).toBe('CN=second');
  });
});
