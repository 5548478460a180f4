import type { JsonBytes } from '../../src/http/json-bytes.js';
import { count } from '../format/count.js';
import { Name } from './name.js';

/** The most characters of a value that are shown. A multiple of 4, so base64 is cut between two bytes. */
const SHOWN = 1024;

/** Shows the beginning of a value. */
export function Value({ value }: { value: JsonBytes }) {
  const text = typeof value === 'string' ? value : value.base64;
  if (text.length <= SHOWN) return <Name name={value} />;
  const start = text.slice(0, SHOWN);
  return (
    <>
      <Name name={typeof value === 'string' ? start : { base64: start }} />
      <span class="muted"> … and {count(text.length - SHOWN)} more characters</span>
    </>
  );
}
