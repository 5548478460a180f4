import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/commands/table.js';
import { anyBytes } from './bytes.js';
import { creation } from './creation.js';
import { data } from './data.js';
import { ending } from './ending.js';
import { events } from './events.js';
import { expiry } from './expiry.js';
import { extending } from './extending.js';
import { isolation } from './isolation.js';
import { jsonValues } from './json-values.js';
import { keyDurations } from './key-durations.js';
import { limits } from './limits.js';
import { listing } from './listing.js';
import { maximumAge } from './maximum-age.js';
import { names } from './names.js';
import { rotation } from './rotation.js';
import { shared } from './shared.js';
import type { StoreUnderTest } from './store-under-test.js';
import { RETRY, Suite } from './suite.js';
import { tokens } from './tokens.js';
import { transactions } from './transactions.js';

export type { Stand, StoreUnderTest } from './store-under-test.js';

/** Commands that a store need not have, with the reason. */
const OPTIONAL: Record<string, string> = {
  'session.save': 'sessions that are not in the memory of the server have other backups',
  'session.load': 'sessions that are not in the memory of the server have other backups',
};

const sessionCommands = commands.filter(({ group }) => group === 'session' || group === 'session-data');

/**
 * Tests everything that a store of sessions guarantees: the rules below, every SESSION command, events, and
 * transactions on one session. It talks to servers over sockets, so it sees what an application sees.
 *
 * 1. Data lives only inside a session. No other session sees its keys.
 * 2. A session expires at its deadline. Its data is deleted; with deleteSession the session goes too.
 * 3. A session that survives its expiry is empty and has no deadline. Its next write starts a fresh duration.
 * 4. Nobody reads expired data, even if the timers of the store are late.
 * 5. EXTEND says whether reads, writes or both restart the duration. Looking at a session never does.
 * 6. At its MAXAGE a session is ended, whatever its other settings.
 * 7. What ends a session ends it at once: it and its data are gone when the reply is sent.
 * 8. A write to a session that does not exist is refused and creates nothing.
 * 9. Tokens are 128 random bits, or derived from the name of a shared session. No error contains one.
 * 10. Durations run on the monotonic clock.
 * 11. Names, keys and values are bytes, and come back unchanged.
 * 12. A key may have a duration of its own. Nobody sees it past its deadline, and the rest of the session stays.
 *
 * Tests let time pass only with `Stand.pass` and `Stand.passUnnoticed`, and durations that have to pass are a few
 * seconds. So the suite takes seconds for a store with an injected clock, and a minute or two for one that has to wait.
 */
export function describeStore(store: StoreUnderTest): void {
  describe(store.name, { retry: RETRY }, () => {
    const suite = new Suite(store);
    isolation(suite);
    expiry(suite);
    extending(suite);
    maximumAge(suite);
    ending(suite);
    tokens(suite);
    anyBytes(suite);
    creation(suite);
    data(suite);
    shared(suite);
    names(suite);
    rotation(suite);
    listing(suite);
    transactions(suite);
    jsonValues(suite);
    events(suite);
    limits(suite, sessionCommands);
    keyDurations(suite);

    describe('the suite', () => {
      it('SESSION.HELP has a line for each command', async () => {
        const client = await suite.connect();
        const lines = (await client.ask('SESSION.HELP')) as string[];
        const helped = lines.map((line) => line.split(/[ :]/)[0].toLowerCase());
        expect(helped.sort()).toEqual(sessionCommands.map(({ name }) => name).sort());
      });

      // Last, because it looks at what all the others have sent.
      it('has seen every command accepted that a store must have', () => {
        const missing = sessionCommands.map(({ name }) => name).filter((name) => !suite.accepted.has(name));
        expect(missing.filter((name) => !Object.hasOwn(OPTIONAL, name))).toEqual([]);
      });
    });
  });
}
