import { isToken, type Operation } from '../../tools/operations.js';
import { isError, isStatus } from '../../tools/replies.js';
import { changed, created, Data, noSession, put, type Session } from '../../tools/session.js';
import { CODE, endWith, type Step, type Version } from './tracked-session.js';

/** What requests do to one session. */

/** One of the operations on sessions. */
export function stepOf({ run }: Operation): Step {
  return {
    run(version, at) {
      const wasAlive = version.alive;
      const expected = run(version, at);
      if (wasAlive && !version.alive) endWith(version, 'ended');
      return expected;
    },
  };
}

/** Several operations in one transaction. */
export function transactionOf(operations: readonly Operation[]): Step {
  const steps = operations.map(stepOf);
  return {
    run(version, at) {
      const expected = steps.map((step) => {
        // What is right may depend on the data as it is now.
        version.data = new Data(version.data);
        return step.run(version, at);
      });
      return (reply) =>
        Array.isArray(reply) && reply.length === expected.length && expected.every((isRight, i) => isRight(reply[i]));
    },
  };
}

export interface NewSession {
  /** The token, undefined if it is not known before the reply. */
  readonly token: string | undefined;
  readonly settings: Partial<Session>;
  readonly data: readonly string[];
}

export function creation({ token, settings, data }: NewSession): Step {
  const fresh: Session = { ...noSession(), ...settings, data: new Data() };
  put(fresh.data, data);
  return {
    run(version, at) {
      if (version.alive) return (reply) => isError(reply, 'SESSIONEXISTS');
      const own = { token, old: new Set(), codeDue: undefined, events: [...version.events, 'new'] };
      Object.assign(version, created(fresh, at), own);
      return (reply) => isToken(reply) && reply === (token ?? reply);
    },
  };
}

/** @param isGraceful Whether the old token stays valid for longer than the torture lasts. */
export function rotation(isGraceful: boolean): Step {
  return {
    run(version) {
      if (!version.alive) return (reply) => isError(reply, 'NOSESSION');
      const { token, old, events } = version;
      const kept = isGraceful ? [...old, ...(token === undefined ? [] : [token])] : [];
      Object.assign(version, { token: undefined, old: new Set(kept), events: [...events, 'rotated'] });
      return (reply) => isToken(reply) && reply !== token;
    },
  };
}

/** SESSION.PSETEX of the key `CODE`. */
export function settingCode(value: string, ms: number): Step {
  return {
    run(version, at) {
      if (!version.alive) return (reply) => isError(reply, 'NOSESSION');
      version.data.set(CODE, value);
      version.codeDue = { from: at.from + ms, to: at.to + ms };
      changed(version, at);
      return (reply) => isStatus(reply, 'OK');
    },
  };
}

/** A transaction that has not happened, because a watched session had changed. */
export const NOTHING: Step = { run: () => (reply) => reply === null };

/** SESSION.OPEN. */
export const OPENING: Step = {
  run:
    ({ alive, token }: Version) =>
    (reply) =>
      alive ? reply === (token ?? reply) : isError(reply, 'NOSESSION'),
};

/** An operation on several sessions ends this one, if it is there. */
export function endBy(event: 'ended' | 'limit'): Step {
  return {
    run(version) {
      if (version.alive) endWith(version, event);
      return () => true;
    },
  };
}
