import { equal } from 'node:assert/strict';

/** Returns a function that sends a request of a browser to better-auth, which must succeed. */
export const askOf =
  (auth) =>
  async (path, { body, cookie } = {}) => {
    const headers = { origin: 'http://localhost:3000', 'x-forwarded-for': '192.0.2.1', 'user-agent': 'Firefox' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (cookie !== undefined) headers.cookie = cookie;
    const method = body === undefined ? 'GET' : 'POST';
    const response = await auth.handler(
      new Request(`http://localhost:3000/api/auth${path}`, { method, headers, body: body && JSON.stringify(body) }),
    );
    equal(response.status, 200, `${path}: ${await response.clone().text()}`);
    const cookies = response.headers.getSetCookie().map((one) => one.split(';')[0]);
    return { json: await response.json(), cookie: cookies.join('; ') };
  };
