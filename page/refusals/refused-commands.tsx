import type { ErrorCode } from '../../src/errors.js';
import type { LiveTotals } from '../../src/http/live/live-data.js';
import { count } from '../format/count.js';
import { REASONS } from './reasons.js';
import './refused-commands.css';

/**
 * What was refused, and why.
 * @param lastMinute How many commands were refused in the last minute, by code.
 */
export function RefusedCommands(props: { totals: LiveTotals; lastMinute: ReadonlyMap<ErrorCode, number> }) {
  const { totals, lastMinute } = props;
  // Always in the same order, because rows that swap places cannot be read.
  const codes = (Object.keys(REASONS) as ErrorCode[]).filter((code) => totals.errorCodes[code] > 0);
  return (
    <section class="card" aria-labelledby="refused-title">
      <h2 id="refused-title">Refused commands</h2>
      {codes.length === 0 ? (
        <p class="muted note">No command was refused since the server started.</p>
      ) : (
        <table class="refused" aria-labelledby="refused-title">
          <thead>
            <tr class="muted">
              <th scope="col">reason</th>
              <th scope="col">last minute</th>
              <th scope="col">in all</th>
            </tr>
          </thead>
          <tbody>
            {codes.map((code) => {
              const recent = lastMinute.get(code) ?? 0;
              return (
                <tr key={code}>
                  <th scope="row">
                    <code>{code}</code>
                    <p class="muted">{REASONS[code]}</p>
                  </th>
                  <td class={recent === 0 ? 'muted' : 'recent'}>{count(recent)}</td>
                  <td class="muted">{count(totals.errorCodes[code])}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
