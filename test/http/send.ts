import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { request as requestTls, type RequestOptions as TlsRequestOptions } from 'node:https';
import type { Server } from '../../src/index.js';

interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request on a connection of its own. Unlike `fetch`, it can send any header, `Host` and `Origin` included. */
export function send(
  server: Pick<Server, 'httpUrl'>,
  path: string,
  { body, ...options }: RequestOptions & TlsRequestOptions & { body?: string | Buffer } = {},
): Promise<Response> {
  const url = new URL(path, server.httpUrl);
  const start = url.protocol === 'https:' ? requestTls : request;
  return new Promise((resolve, reject) => {
    const sent = start(url, { agent: false, ...options }, async (response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response) chunks.push(chunk);
      } catch (error) {
        reject(error);
      }
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, text: Buffer.concat(chunks).toString() });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Returns the header of HTTP Basic. */
export function basic(user: string, password: string): { Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
