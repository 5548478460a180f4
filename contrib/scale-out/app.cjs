// A web server that counts the visits of each visitor, in a session. It knows nothing of the cluster: it talks to the
// respite beside it.
const { createServer } = require('node:http');
const { Redis } = require('ioredis');

const { PORT = '3000', REDIS_PORT = '6379' } = process.env;
const respite = new Redis(Number(REDIS_PORT));
respite.on('error', (error) => console.error(error.message));

/** Counts a visit. Starts a session if there is none, or if it has ended. */
async function visit(token) {
  try {
    return { token, visits: await respite.call('SESSION.INCRBY', token, 'visits', 1) };
  } catch (error) {
    if (!error.message.startsWith('NOSESSION')) throw error;
    const started = await respite.call('SESSION.NEW', 'visitor', 1800, 'EXTEND', 'SET', 'DATA', 'visits', 1);
    return { token: started, visits: 1 };
  }
}

createServer(async (request, response) => {
  const given = /(?:^|; )session=([\w-]{22})/.exec(request.headers.cookie ?? '')?.[1];
  try {
    const { token, visits } = await visit(given ?? '');
    response.setHeader('Set-Cookie', `session=${token}; HttpOnly; SameSite=Lax; Path=/`);
    response.end(`visit ${visits}\n`);
  } catch (error) {
    // The store cannot be reached. Clients may try again.
    response.writeHead(503, { 'Retry-After': '1' }).end(`${error.message}\n`);
  }
}).listen(Number(PORT), () => console.log(`listening on port ${PORT}`));
