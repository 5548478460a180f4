import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config.js';
import { signerFor } from '../../src/webhooks/signature.js';

const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

describe('a signature', () => {
  it('is one that Standard Webhooks verifies, with the old secret and with the new one', () => {
    const at = new Date();
    const body = Buffer.from('{"name":"ü"}');
    const headers = {
      'webhook-id': '1-0_a',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signerFor([NEW, OLD], 'file')('1-0_a', at, body),
    };
    for (const secret of [OLD, NEW]) expect(new Webhook(secret).verify(body, headers)).toEqual({ name: 'ü' });
    const other = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
    expect(() => new Webhook(other).verify(body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(NEW).verify(Buffer.from('{"name":"u"}'), headers)).toThrow('No matching signature');
  });

  it.each(['', 'whsec_', 'secret', OLD.slice(6), 'whsec_c2hvcnQ=', `whsec_${'!'.repeat(32)}`, `${OLD}A`])(
    'cannot be made with a secret like %j, which the error does not repeat',
    (secret) => {
      expect(() => signerFor([secret], 'webhook shop, secret-file /s')).toThrow(
        new ConfigError('webhook shop, secret-file /s: expected whsec_ and the base64 of 24 to 64 random bytes'),
      );
    },
  );
});
