// Proves the command on a real folder: what it prints, that the totals are those of the log, and its exit codes.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {accountingDatabase} from '../../../src/storage/accounting-folder.js';
import {createAccountingStore} from '../../../src/storage/accounting-store.js';
import {openDatabase} from '../../../src/storage/open-database.js';
import {aPoolWithBlock} from '../../support/accounting-pool.js';
import {runPithead} from '../../support/pithead-process.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const audit = suite('cli / audit');

/** The accounts of a simulated pool, written to a folder as they are. */
async function aFolder(extraSats = 0n): Promise<{readonly path: string; dispose(): void}> {
  const folder = aTemporaryDirectory();
  const {inner} = (await aPoolWithBlock()).store;
  const database = openDatabase(accountingDatabase(folder.path, 'devnet'));
  const store = createAccountingStore(database);
  const blocks = inner.found.all().map((row) => ({...row, rewardSats: row.rewardSats + extraSats, feeSats: row.feeSats + extraSats}));
  await store.append({shares: inner.sharesFrom(1, 100), blocks, entries: inner.ledger.entriesFrom(1, 100).map(({entry}) => entry)});
  await database.close();
  return folder;
}

const run = (path: string, ...flags: readonly string[]): ReturnType<typeof runPithead> => runPithead(['audit', '--data', path, ...flags]);

audit('agrees: totals in JSON, by account when asked', async () => {
  const folder = await aFolder();
  // One after the other: each holds the folder's lock.
  const [plain, accounts, text] = [await run(folder.path, '--json'), await run(folder.path, '--json', '--accounts'), await run(folder.path, '--accounts')];
  assert.is(plain.code, 0, plain.stdout + plain.stderr);
  const report = JSON.parse(plain.stdout) as {ok: boolean; chain: string; shares: object; blocks: object; ledger: Record<string, string>; accounts?: unknown};
  assert.is(report.chain, 'devnet');
  assert.equal(report.shares, {accepted: 4, work: String(4n * 2n ** 32n + 4n * 65_537n), lastSeq: 4});
  assert.equal(report.blocks, {pending: 1, confirmed: 0, orphaned: 0, rejected: 0});
  assert.is(report.ledger['sumSats'], '0');
  assert.is(report.accounts, undefined);
  const byName = (JSON.parse(accounts.stdout) as {accounts: {account: string; shares: number; pendingSats: string}[]}).accounts;
  assert.equal(byName.map(({account, shares}) => [account, shares]), [['alice', 3], ['bob', 1]]);
  assert.is(byName.reduce((sum, {pendingSats}) => sum + BigInt(pendingSats), 0n).toString(), report.ledger['pendingSats']);
  assert.match(text.stdout, /^agrees \(devnet\): 4 shares, 1 journal entries/);
  assert.match(text.stdout, /\nbob {2}1 shares/);
  folder.dispose();
});

audit('does not agree: names the discrepancy and ends with 1', async () => {
  const folder = await aFolder(1n);
  const [text, json] = [await run(folder.path), await run(folder.path, '--json')];
  assert.is(text.code, 1);
  assert.match(text.stdout, /DOES NOT AGREE \(devnet\): audit-block-entry: the found block 0707/);
  assert.is((JSON.parse(json.stdout) as {code: string}).code, 'audit-block-entry');
  folder.dispose();
});

audit('a folder without accounts is none to audit', async () => {
  const folder = aTemporaryDirectory();
  const outcome = await run(folder.path);
  assert.is(outcome.code, 1);
  assert.match(outcome.stderr, /database-missing/);
  folder.dispose();
});

audit.run();
