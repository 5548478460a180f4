import type { Context } from '../../execution/context/context.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { SECTIONS, SECTIONS_ON_REQUEST } from './info-sections.js';

/** The names for all sections, and for those shown by default. */
const EVERY = new Set(['all', 'everything']);
const DEFAULT = 'default';

export const info: Command = {
  name: 'info',
  summary:
    'Returns information and statistics about the server: the given sections, or all except commandstats and latencystats.',
  complexity: 'O(N), where N is the number of connections',
  group: 'server',
  flags: ['loading', 'stale'],
  arity: -1,
  arguments: [{ name: 'section', type: 'string', optional: true, multiple: true }],
  reply: 'text: sections of `field:value` lines',
  run(context, args) {
    const { store } = context.server;
    if (store === undefined) return writeSections(context, args);
    args.own();
    return store.refreshStats().then(() => writeSections(context, args));
  },
};

function writeSections(context: Context, args: Arguments): void {
  const wanted = new Set<string>();
  while (args.left > 0) wanted.add(args.word());
  const every = [...wanted].some((word) => EVERY.has(word));
  const usual = wanted.size === 0 || wanted.has(DEFAULT);
  const sections: string[] = [];
  for (const [name, fieldsOf] of Object.entries(SECTIONS)) {
    const shown = every || (usual && !SECTIONS_ON_REQUEST.has(name)) || wanted.has(name.toLowerCase());
    if (!shown) continue;
    const lines = Object.entries(fieldsOf(context)).map(([field, value]) => `${field}:${value}\r\n`);
    sections.push(`# ${name}\r\n${lines.join('')}`);
  }
  context.reply.verbatim(sections.join('\r\n'));
}
