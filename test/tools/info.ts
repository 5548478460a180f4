import type { Connection } from './connection.js';

/** The reply to INFO. */
export class Info {
  readonly #fields: ReadonlyMap<string, string>;

  constructor(text: string) {
    const lines = text.split('\r\n').filter((line) => line.includes(':'));
    this.#fields = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
  }

  static async of(connection: Connection): Promise<Info> {
    const [text] = await connection.askAll([['INFO', 'everything']]);
    return new Info(String(text));
  }

  /** @throws Error if the field is missing or is not a number. */
  number(field: string): number {
    const value = Number(this.#fields.get(field) ?? Number.NaN);
    if (Number.isNaN(value)) throw new Error(`INFO has no number ${field}`);
    return value;
  }

  /** The `key=number` pairs of all fields with this prefix, by the rest of the field's name. */
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
