/**
 * @module `pithead verify`: checks a stopped node's database from the genesis block on. Changes nothing.
 * Exit code 0 when it is sound, 1 when not: then the first discrepancy is named.
 */
import {existsSync} from 'node:fs';
import {readConfig} from '../config.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {CHAIN_SPECS} from '../protocol/chain/presets.js';
import type {ChainSpec} from '../protocol/chain/chain-spec.js';
import {accountingDatabase} from '../storage/accounting-folder.js';
import {createAccountingStore} from '../storage/accounting-store.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {openChainStore, type OwnedChainStore} from '../storage/chain-store.js';
import {StorageError} from '../storage/storage-error.js';
import {openDatabase} from '../storage/open-database.js';
import {verifyAccounting, type AccountingVerdict} from '../storage/verify-accounting.js';
import {verifyDatabase, type DatabaseVerdict, type VerifyProgress} from '../storage/verify-database.js';
import {lockDirectory, type DirectoryLock} from '../storage/directory-lock.js';
import type {Command} from './command.js';
import {complain, print} from './print.js';

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Checks a stopped node\'s database from the genesis block on, and names the first discrepancy.',
  usage: '[--data DIR | --config FILE] [--json]',
  flags: {
    data: {kind: 'text', value: 'DIR', doc: 'data folder. Default ./pithead-data'},
    config: {kind: 'text', value: 'FILE', doc: 'read the data folder from a config file'},
    json: {kind: 'switch', doc: 'the verdict as one JSON object, without progress'},
  },
  notes: ['Exit code 0 when the database is sound, 1 when it is not or cannot be read. What the codes mean: docs/error-codes.md.'],
  takesWords: false,
  async run(_words, flags) {
    const {dataDir} = readConfig({file: flags.text('config'), sets: [], flags: flags.text('data') === undefined ? {} : {dataDir: flags.text('data')}});
    const isJson = flags.has('json');
    let opened: OpenedChain;
    try {
      opened = openAnyChain(dataDir);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (isJson) print(JSON.stringify({ok: false, code: error.code, detail: error.message}));
      else complain(`pithead verify: ${error.message} (${error.code})`);
      return 1;
    }
    const {store, spec, lock} = opened;
    try {
      const verdict = verifyDatabase({store, spec, ...(process.stderr.isTTY && !isJson ? {onProgress: showProgress} : {})});
      const accounts = verdict.ok ? await checkAccounts(dataDir, spec) : undefined;
      print(isJson ? JSON.stringify(verdictJson(verdict, accounts, spec)) : verdictText(verdict, accounts, spec));
      return verdict.ok && accounts?.ok !== false ? 0 : 1;
    } finally {
      await store.close();
      lock?.release();
    }
  },
};

interface OpenedChain {
  readonly store: OwnedChainStore;
  readonly spec: ChainSpec;
  readonly lock: DirectoryLock | undefined;
}

/** The database knows its chain; nobody should have to say it. @throws StorageError */
function openAnyChain(dataDirectory: string): OpenedChain {
  // A node that writes meanwhile would look like a damaged database.
  const lock = existsSync(dataDirectory) ? lockDirectory(dataDirectory) : undefined;
  let wrongChain: StorageError | undefined;
  for (const spec of Object.values(CHAIN_SPECS)) {
    try {
      return {store: openChainStore({dataDirectory, chainName: spec.name, readOnly: true}), spec, lock};
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'database-wrong-chain') {
        lock?.release();
        throw error;
      }
      wrongChain = error;
    }
  }
  throw wrongChain ?? new StorageError('database-missing', `there is no database in ${dataDirectory}`);
}

async function checkAccounts(dataDirectory: string, spec: ChainSpec): Promise<AccountingVerdict | undefined> {
  const options = accountingDatabase(dataDirectory, spec.name);
  if (!existsSync(options.directory)) return undefined;
  try {
    const database = openDatabase({...options, readOnly: true});
    try {
      return verifyAccounting(createAccountingStore(database));
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    // A process that ended before its first commit leaves a folder and no database.
    return error.code === 'database-missing' ? undefined : reject('verify-accounting-corrupt', error.message);
  }
}

function showProgress({step, done, total}: VerifyProgress): void {
  process.stderr.write(`\r${step}: ${done}${total > 0 ? ` of ${total}` : ''}\u001b[K`);
}

function verdictJson(verdict: DatabaseVerdict, accounts: AccountingVerdict | undefined, spec: ChainSpec): Record<string, unknown> {
  if (accounts?.ok === false) return {ok: false, chain: spec.name, code: accounts.code, detail: accounts.detail};
  if (!verdict.ok) return {ok: false, chain: spec.name, code: verdict.code, detail: verdict.detail};
  const {tipHash, ...facts} = verdict;
  return {...facts, chain: spec.name, tipHash: tipHash === undefined ? null : hashToDisplayHex(tipHash), ...(accounts?.ok === true && {shareCount: accounts.shareCount, foundCount: accounts.foundCount})};
}

function verdictText(verdict: DatabaseVerdict, accounts: AccountingVerdict | undefined, spec: ChainSpec): string {
  const clear = process.stderr.isTTY ? '\r\u001b[K' : '';
  const notSound = ({code, detail}: Rejection): string => `${clear}NOT SOUND (${spec.name}): ${code}${detail === undefined ? '' : `: ${detail}`}`;
  if (!verdict.ok) return notSound(verdict);
  if (accounts?.ok === false) return notSound(accounts);
  const pool = accounts === undefined ? '' : `; ${accounts.shareCount} shares, ${accounts.foundCount} found blocks`;
  if (verdict.tipHash === undefined) return `${clear}sound (${spec.name}): no block was stored yet${pool}`;
  return `${clear}sound (${spec.name}): height ${verdict.height}, tip ${hashToDisplayHex(verdict.tipHash)}, ${verdict.headerCount} headers, ${verdict.coinCount} coins, log ${verdict.logSeq}${pool}`;
}
