import type { CheckedFile, CheckReport, Damage } from './check.js';

/** Describes what was found and what to do, one line each. */
export function checkLines({ files, isGood }: CheckReport): string[] {
  const lines = files.flatMap(fileLines);
  if (files.length > 1) lines.push(isGood ? 'everything is good' : 'not everything is good');
  if (files.some(({ original, damages }) => original !== undefined && damages.some(({ isTornTail }) => !isTornTail))) {
    lines.push('what was dropped may have said that sessions ended, and they may be back: SESSION.ENDALL if in doubt');
  }
  const canFix = !isGood && files.every(({ hopeless }) => hopeless === undefined);
  return canFix ? [...lines, 'with --fix, respite keeps what is good and moves the original aside'] : lines;
}

function fileLines(file: CheckedFile): string[] {
  const { path, version, batches, records, bytes, damages, hopeless, original } = file;
  const format = version === undefined ? '' : `, version ${version} of the format`;
  const found = `${path}: ${count(bytes, 'byte')}${format}, ${count(batches, 'good batch', 'es')} of ${count(records, 'record')}`;
  return [
    damages.length === 0 ? `${found}, no damage` : found,
    ...damages.map((damage) => `${path}: ${damageLine(damage, original !== undefined)}`),
    ...(hopeless === undefined ? [] : [`${path}: cannot be repaired: ${hopeless}`]),
    ...(original === undefined ? [] : [`${path}: repaired${original === path ? '' : `; the original is ${original}`}`]),
  ];
}

function damageLine({ offset, bytes, reason, isTornTail }: Damage, dropped: boolean): string {
  const what = isTornTail ? 'the end is torn, as after a crash, which a start drops by itself' : 'damaged';
  return `${what}: at byte ${offset}, ${reason}; ${count(bytes, 'byte')} ${dropped ? 'dropped' : 'lost'}`;
}

function count(number: number, noun: string, plural = 's'): string {
  return `${number} ${noun}${number === 1 ? '' : plural}`;
}
