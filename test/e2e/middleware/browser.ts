/** Visits a site and keeps its cookies, as a browser does. */
export class Browser {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  #cookiesSet = 0;

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string): Promise<unknown> {
    return this.#request(path, {});
  }

  post(path: string, body: object = {}): Promise<unknown> {
    return this.#request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** The session id in its cookie, as the site's store has it. Frameworks sign the id and add a prefix. */
  get sessionId(): string {
    const values = [...this.#cookies.values()];
    const id = /^(?:s:)?(.+)\.[^.]+$/.exec(decodeURIComponent(values.join()))?.[1];
    if (id === undefined) throw new Error(`no session id in ${values.length} cookies`);
    return id;
  }

  /** How many times the site has set a cookie. */
  get cookiesSet(): number {
    return this.#cookiesSet;
  }

  async #request(path: string, { headers, ...init }: RequestInit): Promise<unknown> {
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(this.#url + path, { ...init, headers: { ...headers, cookie } });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
    return response.json();
  }

  #keep(line: string): void {
    const [, name, value, attributes] = /^([^=]+)=([^;]*)(.*)$/.exec(line) ?? [];
    const expires = /; expires=([^;]+)/i.exec(attributes)?.[1];
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.#cookies.delete(name);
    else {
      this.#cookies.set(name, value);
      this.#cookiesSet++;
    }
  }
}
