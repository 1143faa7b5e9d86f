// The books of a load run beside those of the pool that it ran on: account by account, as the audit has them.
import type {LoadReport} from '../../src/load/load-report.js';
import {runPithead} from './pithead-process.js';

/** Of a stopped pool, as `pithead audit` derives it from the share log. Throws what the audit found, where it does not agree. */
export async function auditedShares(dataDir: string): Promise<Record<string, number>> {
  const {code, stdout, stderr} = await runPithead(['audit', '--data', dataDir, '--accounts', '--json']);
  if (code !== 0) throw new Error(`pithead audit ended with ${code}: ${stdout}${stderr}`);
  const {accounts} = JSON.parse(stdout) as {accounts: readonly {readonly account: string; readonly shares: number}[]};
  return Object.fromEntries(accounts.map(({account, shares}) => [account, shares]));
}

/**
 * What does not agree. A submit whose connection ended before its answer may be in the log or not; every other one is there
 * exactly when it was answered as accepted.
 */
export function disagreements(report: Pick<LoadReport, 'accounts' | 'totals'>, audited: Readonly<Record<string, number>>): string[] {
  const names = new Set([...Object.keys(report.accounts), ...Object.keys(audited)]);
  return [...names].flatMap((name) => {
    const {sent, accepted, rejected} = report.accounts[name] ?? {sent: 0, accepted: 0, rejected: 0};
    const rows = audited[name] ?? 0;
    // Repeats that were answered as accepted stand in `sent` and in neither of the others: they may not be logged again.
    const doubtful = Math.max(0, (report.accounts[name]?.unanswered ?? 0) + (report.totals.open > 0 ? sent - accepted - rejected - (report.accounts[name]?.unanswered ?? 0) : 0));
    return rows >= accepted && rows <= accepted + doubtful ? [] : [`${name}: ${accepted} answered as accepted, ${doubtful} in doubt, ${rows} audited`];
  });
}
