import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { isLoopback } from '../../origin.js';
import { MAX_ANSWER, TIMEOUT_MS, Unhealthy, whyUnasked } from './unhealthy.js';

/** Asks for a URL such as /readyz. Returns what to print. @throws Unhealthy */
export async function askOverHttp(url: URL): Promise<string> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // On the same machine nobody else can pretend to be the server, so its certificate may be any.
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), agent: false, rejectUnauthorized: !isLoopback(host) };
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = (url.protocol === 'https:' ? requestTls : request)(url, options, async (response) => {
      let received = '';
      try {
        for await (const chunk of response.setEncoding('utf8')) {
          received += chunk;
          if (received.length > MAX_ANSWER) break;
        }
        resolve({ status: response.statusCode ?? 0, text: received });
      } catch (error) {
        reject(error);
      }
    });
    asked.once('error', reject).end();
  }).catch((error) => {
    throw new Unhealthy(`${url.host}: ${whyUnasked(error)}`);
  });
  if (status === 200) return `${url.host}: ready`;
  const failed = text.split('\n').filter((line) => line.startsWith('[-]'));
  const reason = failed.map((line) => line.slice('[-]'.length)).join('; ') || `it answers with the status ${status}`;
  throw new Unhealthy(`${url.host}: not ready: ${reason}`);
}
