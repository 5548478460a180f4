import { counted } from '../counted.js';
import type { CheckedFile, CheckReport, Damage } from './check.js';

/** Describes what was found and what to do, one line each. */
export function checkLines({ files, isGood }: CheckReport): string[] {
  const lines = files.flatMap(fileLines);
  if (files.length > 1) lines.push(isGood ? 'all files are good' : 'some files are damaged');
  if (files.some(({ original, damages }) => original !== undefined && damages.some(({ isTornTail }) => !isTornTail))) {
    lines.push(
      'ended sessions may be back, because their end may have been dropped: if in doubt, end all with SESSION.ENDALL',
    );
  }
  const canFix = !isGood && files.every(({ hopeless }) => hopeless === undefined);
  return canFix
    ? [...lines, 'to keep what is good, run this again with --fix: the original stays beside the repaired file']
    : lines;
}

function fileLines(file: CheckedFile): string[] {
  const { path, version, batches, records, bytes, damages, hopeless, original } = file;
  const format = version === undefined ? '' : `, version ${version} of the format`;
  const found = `${path}: ${counted(bytes, 'byte')}${format}, ${counted(batches, 'good batch', 'es')} with ${counted(records, 'record')}`;
  return [
    damages.length === 0 ? `${found}, no damage` : found,
    ...damages.map((damage) => `${path}: ${damageLine(damage, original !== undefined)}`),
    ...(hopeless === undefined ? [] : [`${path}: cannot be repaired: ${hopeless}`]),
    ...(original === undefined
      ? []
      : [`${path}: repaired${original === path ? '' : `; the original is now ${original}`}`]),
  ];
}

function damageLine({ offset, bytes, reason, isTornTail }: Damage, dropped: boolean): string {
  const where = isTornTail ? `incomplete from byte ${offset} on, as after a crash` : `damaged at byte ${offset}`;
  const left = isTornTail ? ', which the server drops when it starts' : ' lost';
  return `${where}: ${reason}; ${counted(bytes, 'byte')}${dropped ? ' dropped' : left}`;
}
