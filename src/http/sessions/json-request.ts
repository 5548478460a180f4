import { fromJsonBytes } from '../json-bytes.js';

/** A request is not what the API expects. The message says what is. */
export class BadRequest extends Error {}

/** Reads the properties of a JSON object that a client has sent. Each method throws BadRequest for a wrong value. */
export class JsonRequest {
  readonly #properties: Readonly<Record<string, unknown>>;

  constructor(text: string) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new BadRequest('the body is not JSON');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new BadRequest('the body is not a JSON object');
    }
    this.#properties = value as Record<string, unknown>;
  }

  bytes(name: string, initial?: Buffer): Buffer {
    const value = this.#properties[name];
    if (value === undefined && initial !== undefined) return initial;
    return bytesOf(name, value);
  }

  /** Returns a list of bytes; empty if it is missing. */
  byteList(name: string, most: number): Buffer[] {
    return this.#list(name, most).map((item) => bytesOf(`each of ${name}`, item));
  }

  /** Returns a list of texts. */
  textList(name: string, most: number): string[] {
    return this.#list(name, most).map((item) => {
      if (typeof item !== 'string') throw new BadRequest(`each of ${name} must be a string`);
      return item;
    });
  }

  text(name: string, initial: string): string {
    const value = this.#properties[name] ?? initial;
    if (typeof value !== 'string') throw new BadRequest(`${name} must be a string`);
    return value;
  }

  integer(name: string, min: number, max: number, initial: number): number {
    const value = this.#properties[name] ?? initial;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw new BadRequest(`${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  #list(name: string, most: number): readonly unknown[] {
    const value = this.#properties[name] ?? [];
    if (!Array.isArray(value) || value.length > most) {
      throw new BadRequest(`${name} must be an array of at most ${most} items`);
    }
    return value;
  }
}

function bytesOf(what: string, value: unknown): Buffer {
  const bytes = fromJsonBytes(value);
  if (bytes === undefined) throw new BadRequest(`${what} must be a string, or an object with the bytes in base64`);
  return bytes;
}
