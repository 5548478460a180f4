import { redactedText } from './redaction.js';

/** The most characters of a client's name in a log line. */
const LONGEST_NAME = 64;

/** What a log line says of a client. */
interface DescribedClient {
  readonly id: number;
  readonly address: string;
  /** Set by CLIENT SETNAME; empty if it has none. */
  readonly name: string;
  readonly user: { readonly name: string } | undefined;
}

/** Returns a client as log lines call it: `client 7 (10.0.0.1:50188, "checkout")`. */
export function clientText(client: DescribedClient): string {
  const name = shownName(client);
  return `client ${client.id} (${client.address}${name === undefined ? '' : `, "${name}"`})`;
}

/** Returns a client as fields of a log line. */
export function clientFields(client: DescribedClient) {
  return { client: client.id, address: client.address, name: shownName(client), user: client.user?.name };
}

/** A client chooses its name, which may be long or have a token in it. */
function shownName({ name }: DescribedClient): string | undefined {
  if (name === '') return undefined;
  const shown = redactedText(name.slice(0, 4 * LONGEST_NAME));
  return shown.length > LONGEST_NAME ? `${shown.slice(0, LONGEST_NAME)}…` : shown;
}
