// The books of a load run beside those of the pool that it ran on: account by account, from the share log on disk.
import type {LoadReport} from '../../src/load/load-report.js';
import {accountingDatabase} from '../../src/storage/accounting-folder.js';
import {createAccountingStore} from '../../src/storage/accounting-store.js';
import {openDatabase} from '../../src/storage/open-database.js';

const PAGE = 20_000;

/** Of a stopped pool: rows of the share log by account. */
export async function loggedShares(dataDir: string, chainName: string): Promise<Record<string, number>> {
  const database = openDatabase({...accountingDatabase(dataDir, chainName), readOnly: true});
  const store = createAccountingStore(database);
  const counts: Record<string, number> = {};
  for (let next = 1; ;) {
    const page = store.sharesFrom(next, PAGE);
    if (page.length === 0) break;
    for (const {account} of page) counts[account] = (counts[account] ?? 0) + 1;
    next = page.at(-1)!.seq + 1;
  }
  await database.close();
  return counts;
}

/**
 * What does not agree. A submit whose connection ended before its answer may be in the log or not; every other one is there
 * exactly when it was answered as accepted.
 */
export function disagreements(report: Pick<LoadReport, 'accounts' | 'totals'>, logged: Readonly<Record<string, number>>): string[] {
  const names = new Set([...Object.keys(report.accounts), ...Object.keys(logged)]);
  return [...names].flatMap((name) => {
    const {sent, accepted, rejected} = report.accounts[name] ?? {sent: 0, accepted: 0, rejected: 0};
    const rows = logged[name] ?? 0;
    // Repeats that were answered as accepted stand in `sent` and in neither of the others: they may not be logged again.
    const doubtful = Math.max(0, (report.accounts[name]?.unanswered ?? 0) + (report.totals.open > 0 ? sent - accepted - rejected - (report.accounts[name]?.unanswered ?? 0) : 0));
    return rows >= accepted && rows <= accepted + doubtful ? [] : [`${name}: ${accepted} answered as accepted, ${doubtful} in doubt, ${rows} in the log`];
  });
}
