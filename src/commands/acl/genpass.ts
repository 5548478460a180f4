import { parseInteger } from '../../engine/fields/int64.js';
import { CodedError, NOT_AN_INTEGER } from '../../errors.js';
import type { Command } from '../declaration/command.js';

const DEFAULT_BITS = 256;
const MOST_BITS = 4096;

export const genpass: Command = {
  name: 'genpass',
  summary: 'Generates a password from random bits.',
  complexity: 'O(N), where N is the number of bits',
  group: 'server',
  flags: ['loading', 'stale', 'noscript'],
  arity: -2,
  arguments: [{ name: 'bits', type: 'integer', optional: true }],
  reply: 'the password, in hexadecimal digits: by default 64, which are 256 bits',
  run({ reply }, args) {
    const bits = args.left === 0 ? DEFAULT_BITS : parseInteger(args.slice());
    args.endOfSubcommand();
    if (Number.isNaN(bits)) throw NOT_AN_INTEGER;
    if (!(bits >= 1 && bits <= MOST_BITS)) {
      throw new CodedError(
        'ERR',
        `ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${MOST_BITS}`,
      );
    }
    const digits = Math.ceil(bits / 4);
    const bytes = crypto.getRandomValues(Buffer.alloc(Math.ceil(digits / 2)));
    reply.bulk(bytes.toString('hex').slice(0, digits));
  },
};
