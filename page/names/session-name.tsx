import type { JsonBytes } from '../../src/http/json-bytes.js';
import { databaseText, keyOfName } from './key-of-name.js';
import { Name } from './name.js';

/** Shows the name of a session: of a key of another database than 0, the database and the key. */
export function SessionName({ name, short = false }: { name: JsonBytes; short?: boolean }) {
  const { database, key } = keyOfName(name);
  if (database === 0) return <Name name={name} short={short} />;
  return (
    <span class="name">
      <span class="name-escape">{databaseText(database)}</span> <Name name={key} short={short} />
    </span>
  );
}
