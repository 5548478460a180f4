import { describe, expect, it } from 'vitest';
import { type Lane, Requests } from '../../bench/load/requests.js';

const requests = new Requests(10, (index) => `<${index}>`);
const take = (lane: Lane, most: number) => lane.take(most).toString('latin1');

describe('Lane', () => {
  it('parts contain all requests, each once, and end', () => {
    const lanes = requests.parts(3);
    expect(lanes.map((lane) => take(lane, 10))).toEqual(['<0><1><2>', '<3><4><5>', '<6><7><8><9>']);
    expect(lanes.map((lane) => take(lane, 10))).toEqual(['', '', '']);
    expect(lanes[0].taken).toBe(0);
  });

  it('a cycle starts over and says how many requests it took', () => {
    const [, lane] = requests.cycles(2);
    expect([take(lane, 4), take(lane, 4)]).toEqual(['<5><6><7><8>', '<9>']);
    expect(lane.taken).toBe(1);
    expect(take(lane, 2)).toBe('<0><1>');
  });

  it('keeps requests intact that are longer together than one piece', () => {
    const many = new Requests(1000, (index) => `${index}`.padStart(150, '.'));
    expect(many.slice(436, 438).toString('latin1')).toBe(`${'436'.padStart(150, '.')}${'437'.padStart(150, '.')}`);
    expect(many.slice(0, 1000)).toHaveLength(150_000);
  });
});
