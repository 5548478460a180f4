import type { Session, SessionEngine } from '../../engine/index.js';
import { Slice } from '../../slice.js';

/** A member that was removed, and the score that it had. */
interface Taken {
  readonly member: Slice;
  readonly score: number;
}

/** Removes `count` members of a sorted set from a rank on. Returns them in order. */
export function takeMembers({ data }: SessionEngine, session: Session, from: number, count: number): Taken[] {
  const taken: Taken[] = [];
  data.peekOrder(session).visit(from, count, 1, (member, score) => {
    taken.push({ member: Slice.of(member.copy()), score });
  });
  data.removeMembers(
    session,
    taken.map(({ member }) => member),
  );
  return taken;
}
