import type { Session, SessionData } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import { Copies } from '../collections/copies.js';

/**
 * Removes members of a sorted set.
 * @param from The rank of the first.
 * @param count How many. There must be that many.
 * @param step 1 to continue with higher ranks, -1 with lower ones.
 * @param visit Called for each before any is removed.
 */
export function takeMembers(
  data: SessionData,
  session: Session,
  from: number,
  count: number,
  step: 1 | -1,
  visit: (member: Slice, score: number) => void,
): void {
  const order = data.peekOrder(session);
  if (count === order.count) {
    order.visit(from, count, step, visit);
    data.removeAllMembers(session);
    return;
  }
  const taken = new Copies();
  order.visit(from, count, step, (member, score) => {
    visit(member, score);
    taken.add(member);
  });
  for (const member of taken) data.removeMembers(session, [member]);
}
