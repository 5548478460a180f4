import type { JsonBytes } from '../../src/http/json-bytes.js';
import { nameParts, nameText } from './readable-name.js';
import './name.css';

/** Where there is little room, longer names are shortened in the middle, because names often differ at their end. */
const SHORT = 48;

/** Shows bytes of a client: a name, a key or a value. Nothing in them can act, hide or turn the text around them. */
export function Name({ name, short = false }: { name: JsonBytes; short?: boolean }) {
  const text = nameText(name);
  if (text === '') return <span class="name-escape">empty</span>;
  if (short && text.length > SHORT) {
    return (
      <bdi class="name" title={text}>
        {text.slice(0, SHORT - 17)}
        <span class="name-escape">…</span>
        {text.slice(-16)}
      </bdi>
    );
  }
  return (
    <bdi class="name">
      {nameParts(name).map((part, i) =>
        part.escaped ? (
          <span key={i} class="name-escape">
            {part.text}
          </span>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}
