import type { Link } from '../soak/link.js';

/** INFO, read. */
export class Info {
  readonly #fields: ReadonlyMap<string, string>;

  constructor(text: string) {
    this.#fields = new Map(
      text
        .split('\r\n')
        .filter((line) => line.includes(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
  }

  /** @throws Error if there is no such field, or it is no number. */
  number(field: string): number {
    const value = Number(this.#fields.get(field) ?? Number.NaN);
    if (Number.isNaN(value)) throw new Error(`INFO has no number ${field}`);
    return value;
  }

  /** The `key=number` pairs of the fields that start so, by what follows. */
  table(prefix: string): Map<string, ReadonlyMap<string, number>> {
    const rows = [...this.#fields].filter(([field]) => field.startsWith(prefix));
    return new Map(
      rows.map(([field, value]) => [
        field.slice(prefix.length),
        new Map(value.split(',').map((pair): [string, number] => [pair.split('=')[0], Number(pair.split('=')[1])])),
      ]),
    );
  }
}

export async function infoOf(link: Link): Promise<Info> {
  return new Info(String(await link.demand('INFO', 'everything')));
}
