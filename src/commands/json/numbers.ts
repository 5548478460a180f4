import { CodedError } from '../../errors.js';
import { ROOT } from '../../json/json-document.js';
import { type JsonNumber, numberOf, numberText, product, sum } from '../../json/json-number.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Argument, Command } from '../declaration/command.js';
import { growthAt, PATH, readJson, readPath } from './grammar.js';
import { changesJson } from './json-key.js';
import { changeMatches, type Matches } from './matches.js';
import type { JsonOperation } from './operation.js';

export const NUMBER: Argument = { name: 'number', type: 'double' };

const NOT_A_NUMBER = new CodedError('ERR', 'bad input number: it must be a number in JSON');

/** An operation that computes a new number from each number that a path matches, and a given one. */
function arithmetic(compute: (a: JsonNumber, b: JsonNumber) => JsonNumber): JsonOperation<Matches<JsonNumber>> {
  return {
    read(args) {
      const path = readPath(args);
      const given = readJson(args, 'number');
      if (!isNumber(given.type(ROOT))) throw NOT_A_NUMBER;
      const operand = numberOf(given, ROOT);
      return (current, work) =>
        changeMatches(current, path, work, 'does not contains a number', (document, node, edits) => {
          if (!isNumber(document.type(node))) return undefined;
          const result = compute(numberOf(document, node), operand);
          edits.replace(node, Buffer.from(numberText(result)));
          return result;
        });
    },
    write: writeNumbers,
  };
}

function isNumber(type: string): boolean {
  return type === 'integer' || type === 'number';
}

/** In RESP3, numbers in an array, whatever the path. In RESP2, JSON text. */
function writeNumbers(reply: ReplyEncoder, { isLegacy, items }: Matches<JsonNumber>): void {
  if (reply.protocol === 3) {
    reply.array(items.length);
    for (const item of items) {
      if (item === undefined) reply.null();
      else if (typeof item === 'bigint') reply.integer(item);
      else reply.double(item);
    }
    return;
  }
  const texts = items.map((item) => (item === undefined ? 'null' : numberText(item)));
  reply.bulk(isLegacy ? texts[0] : `[${texts.join(',')}]`);
}

export const incrementOperation = arithmetic(sum);

export const NUMBERS_REPLY =
  'the new numbers as JSON text: an array with null for what is not a number; one number for a legacy path. In RESP3 an array of numbers';

function declare(name: string, summary: string, operation: JsonOperation<Matches<JsonNumber>>): Command {
  return changesJson(
    {
      name,
      summary,
      complexity: 'O(N), where N is the length of the value',
      flags: ['write', 'denyoom'],
      arity: 4,
      arguments: [PATH, NUMBER],
      reply: NUMBERS_REPLY,
      growth: growthAt(2),
    },
    operation,
  );
}

export const jsonNumincrby = declare('json.numincrby', 'Adds to the numbers that a path matches.', incrementOperation);
export const jsonNummultby = declare(
  'json.nummultby',
  'Multiplies the numbers that a path matches.',
  arithmetic(product),
);
