import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { describeStore } from './conformance/index.js';

describeStore({
  name: 'the memory store',
  async start() {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    return {
      connect: () => connectTo(server),
      pass: async (ms) => clock.advance(ms),
      passUnnoticed: async (ms) => clock.freeze(ms),
      moveWallClock: (ms) => clock.setWall(clock.wall() + ms),
      drift: 0,
      stop: stopServers,
    };
  },
});
