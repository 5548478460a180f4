import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { rulesOf } from '../../src/commands/acl/rules.js';
import { categoriesOf } from '../../src/commands/declaration/description.js';
import { EVERYTHING } from '../../src/commands/declaration/permission.js';
import { table } from '../../src/commands/table.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
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
      `user audit on sanitize-payload #${sha256('b')} ~__session__ &* +@all -@read -@scripting -@write +@pubsub +@stream -@admin`,
      'user default off sanitize-payload ~* &* +@all',
      `user ops on sanitize-payload #${sha256('c')} ~* &* +@all`,
      `user root on sanitize-payload #${sha256('d')} resetchannels +@all -@read -@scripting -@write -@pubsub -@stream +@admin`,
      `user shop on sanitize-payload #${sha256('a')} ~* resetchannels +@all -@pubsub -@stream -@admin`,
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
      '+@all -@pubsub -@stream -@admin',
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

  it('LOG counts what was refused, without what was typed instead of a name', async () => {
    const clock = new FakeClock();
    const server = await startServer({ users }, { clock });
    const [shop, root] = [await connectTo(server), await connectTo(server)];
    await root.expect('AUTH root d\r\n', '+OK\r\n');
    await shop.expect(
      frame('AUTH', 's3cret', 'x'),
      '-WRONGPASS invalid username-password pair or user is disabled.\r\n',
    );
    await shop.expect('AUTH shop a\r\n', '+OK\r\n');
    for (let i = 0; i < 2; i++) await shop.send('INFO\r\nFLUSHALL\r\n');
    await shop.send('PING end\r\n');
    await shop.takeUntil('$3\r\nend\r\n');
    clock.advance(1500);
    await root.send('HELLO 3\r\nACL LOG\r\nPING end\r\n');
    const shown = await root.takeUntil('end\r\n');
    expect(shown).not.toContain('s3cret');
    await root.send('ACL LOG\r\n');
    const entries = (await root.reply()) as ReadonlyMap<string, unknown>[];
    const at = Date.UTC(2030, 0, 1);
    expect(entries.map((entry) => Object.fromEntries(entry))).toMatchObject([
      { count: 2, reason: 'command', context: 'toplevel', object: 'flushall', username: 'shop', 'entry-id': 1 },
      { count: 1, reason: 'auth', object: 'AUTH', username: '(unknown)', 'timestamp-created': at, 'age-seconds': 1.5 },
    ]);
    expect(entries[0].get('client-info')).toMatch(/^id=1 addr=127.0.0.1:\d+ laddr=127.0.0.1:\d+ name= user=shop$/);
    await root.expect('ACL LOG 0\r\nACL LOG x\r\n', '*0\r\n-ERR value is not an integer or out of range\r\n');
    await root.expect('ACL LOG RESET\r\nACL LOG\r\n', '+OK\r\n*0\r\n');
  });

  it('GENPASS makes passwords of the wanted length, and DRYRUN says what a user may run', async () => {
    const ask = await as('root', 'd');
    expect(await ask('GENPASS')).toMatch(/^[0-9a-f]{64}$/);
    expect(await ask('GENPASS', '5')).toMatch(/^[0-9a-f]{2}$/);
    expect(await ask('GENPASS', '1')).not.toBe(await ask('GENPASS', '4096'));
    for (const wrong of ['0', '4097']) expect(show(await ask('GENPASS', wrong))).toContain('a positive number up to');
    expect(show(await ask('DRYRUN', 'shop', 'GET', 'k'))).toBe('+OK');
    expect(await ask('DRYRUN', 'shop', 'CONFIG', 'GET', 'x')).toBe(
      "User shop has no permissions to run the 'config|get' command",
    );
    expect(show(await ask('DRYRUN', 'nobody', 'GET', 'k'))).toBe("-ERR User 'nobody' not found");
    expect(show(await ask('DRYRUN', 'shop', 'NOPE', 'k'))).toBe("-ERR Command 'NOPE' not found");
    expect(show(await ask('DRYRUN', 'shop', 'GET', 'k', 'l'))).toBe("-ERR wrong number of arguments for 'get' command");
    expect(show(await ask('SETUSER', 'x', 'on'))).toContain(
      'ACL SETUSER is not supported: users are set by the options',
    );
  });

  it('CAT lists the categories in the order of Redis, and the commands in one', async () => {
    const ask = await as('shop', 'a');
    const categories = (await ask('CAT')) as string[];
    expect(categories).toEqual(
      'keyspace read write set sortedset hash string stream pubsub admin fast slow blocking dangerous connection transaction scripting'.split(
        ' ',
      ),
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
