import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { rulesOf } from '../../src/commands/acl/rules.js';
import { categoriesOf } from '../../src/commands/declaration/description.js';
import { EVERYTHING } from '../../src/commands/declaration/permission.js';
import { table } from '../../src/commands/table.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { frame } from '../raw-client.js';
import { show } from '../tools/replies.js';

afterEach(stopServers);

const sha256 = (password: string) => createHash('sha256').update(password).digest('hex');

describe('ACL', () => {
  const users = 'shop read,write a; audit events b; ops read,write,events,admin c; root admin d';

  async function as(name: string, password: string, config = {}) {
    const server = await startServer({ users, ...config });
    const client = await connectTo(server);
    await client.expect(frame('AUTH', name, password), '+OK\r\n');
    return async (...request: string[]) => {
      await client.send(frame('ACL', ...request));
      return client.reply();
    };
  }

  it('LIST shows the users as rules of Redis, sorted by name, to administrators', async () => {
    const ask = await as('root', 'd');
    expect(await ask('LIST')).toEqual([
      `user audit on sanitize-payload #${sha256('b')} &* +@all -@read -@write +@pubsub -@admin`,
      'user default off sanitize-payload ~* &* +@all',
      `user ops on sanitize-payload #${sha256('c')} ~* &* +@all`,
      `user root on sanitize-payload #${sha256('d')} resetchannels +@all -@read -@write -@pubsub +@admin`,
      `user shop on sanitize-payload #${sha256('a')} ~* resetchannels +@all -@pubsub -@admin`,
    ]);
    expect(await ask('USERS')).toEqual(['audit', 'default', 'ops', 'root', 'shop']);
  });

  it.each(Array.from({ length: EVERYTHING + 1 }, (_, permissions) => permissions))(
    'LIST gives a user with the permissions %i exactly the commands that the user may run',
    (permissions) => {
      const words = rulesOf({ name: 'x', isEnabled: true, passwords: [], permissions }).commands.split(' ');
      for (const entry of [...table.entries.values()].flatMap((each) => [each, ...each.subcommands.values()])) {
        // A container is not run itself.
        if (entry.subcommands.size > 0 && entry.command.run === undefined) continue;
        const categories = ['@all', ...categoriesOf(entry)];
        const rule = words.findLast((word) => categories.includes(word.slice(1)));
        expect(rule?.[0], `${entry.fullName}: ${words.join(' ')}`).toBe((entry.needs & ~permissions) === 0 ? '+' : '-');
      }
    },
  );

  it('LIST shows whether the user "default" needs a password', async () => {
    const open = await connectTo(await startServer());
    await open.send('ACL LIST\r\n');
    expect(await open.reply()).toEqual(['user default on nopass sanitize-payload ~* &* +@all']);
    const ask = await as('default', 'x', { users: '', requirepass: 'x' });
    expect(await ask('LIST')).toEqual([`user default on sanitize-payload #${sha256('x')} ~* &* +@all`]);
  });

  it('GETUSER shows one user', async () => {
    const ask = await as('ops', 'c');
    expect(await ask('GETUSER', 'shop')).toEqual([
      'flags',
      ['on', 'sanitize-payload'],
      'passwords',
      [sha256('a')],
      'commands',
      '+@all -@pubsub -@admin',
      'keys',
      '~*',
      'channels',
      '',
      'selectors',
      [],
    ]);
    expect(await ask('GETUSER', 'nobody')).toBe(null);
  });

  it('WHOAMI and CAT need no permission, the others do', async () => {
    const ask = await as('audit', 'b');
    expect(await ask('WHOAMI')).toBe('audit');
    expect(await ask('CAT')).toContain('keyspace');
    for (const request of [['LIST'], ['USERS'], ['GETUSER', 'audit']]) {
      expect(show(await ask(...request))).toMatch(/NOPERM User audit has no permissions to run the 'acl\|/);
    }
  });

  it('CAT lists the categories in the order of Redis, and the commands in one', async () => {
    const ask = await as('shop', 'a');
    const categories = (await ask('CAT')) as string[];
    expect(categories).toEqual(
      'keyspace read write hash string pubsub admin fast slow dangerous connection transaction'.split(' '),
    );
    for (const category of categories) expect(await ask('CAT', category.toUpperCase())).not.toEqual([]);
    expect(await ask('CAT', 'admin')).toEqual(expect.arrayContaining(['config|set', 'acl|list', 'shutdown']));
    expect(await ask('CAT', 'write')).not.toContain('get');
    expect(show(await ask('CAT', 'geo'))).toContain("ERR Unknown category 'geo'");
    expect(show(await ask('CAT', 'read', 'x'))).toContain(
      "ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.",
    );
  });
});
