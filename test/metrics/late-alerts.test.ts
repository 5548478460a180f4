import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LATE_MS } from '../../src/engine/index.js';

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const rules = (parse(readFileSync('contrib/prometheus/alerts.yaml', 'utf8')) as Rules).groups.flatMap(
  (group) => group.rules,
);

describe('the alerts call late what the log and the page do', () => {
  it.each([
    ['RespiteExpiryLate', `> ${LATE_MS / 1000}`],
    ['RespiteEventLoopStalled', `{le="${LATE_MS / 1000}"}`],
  ])('%s', (alert, limit) => {
    expect(rules.find((rule) => rule.alert === alert)?.expr).toContain(limit);
  });
});
