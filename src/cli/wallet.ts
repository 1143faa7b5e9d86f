/**
 * @module `pithead wallet`: makes and shows the pool's wallet, and carries payouts to a signer on another machine and back.
 * What it reads of a pool that runs is what that pool has written; it changes nothing but the files that it is told to make.
 */
import {randomBytes} from 'node:crypto';
import {mkdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {readConfig, type Config} from '../config.js';
import {encodeAddress} from '../protocol/address/address.js';
import {COIN_NAMES, COIN_SPECS, type CoinName} from '../protocol/chain/coins.js';
import type {CoinSpec} from '../protocol/chain/chain-spec.js';
import {bytesEqual} from '../protocol/bytes/compare.js';
import {partsOf} from '../protocol/payout/payout-record.js';
import {serializeTransaction} from '../protocol/primitives/transaction-codec.js';
import {accountOfEntropy, accountOfXpub, entropyOfWords, ScriptBook, wordsOfEntropy} from '../protocol/wallet/account-keys.js';
import {createPsbt, signPsbt, unsignedBytesOf} from '../protocol/wallet/psbt.js';
import {NONCE_SIZE, SALT_SIZE} from '../protocol/wallet/sealed-seed.js';
import {newWalletFile, unlockWallet, watchWallet, type WalletFile} from '../protocol/wallet/wallet-file.js';
import type {Rejection} from '../protocol/verdict.js';
import {createWalletFile, readPassphrase, readWalletFile} from '../storage/wallet-files.js';
import {psbtName, readPsbt} from '../storage/psbt-folder.js';
import {StorageError} from '../storage/storage-error.js';
import {writeWhole} from '../storage/whole-file.js';
import {UsageError, type Command, type FlagValues} from './command.js';
import {askSecret} from './ask-secret.js';
import {complain, print} from './print.js';
import {balanceText, coinsText, openPoolRows, payoutsText} from './wallet-rows.js';

const ENTROPY_SIZE = 32;
const ADDRESSES_SHOWN = 20;

interface WalletCall {
  readonly config: Config;
  readonly spec: CoinSpec;
  readonly path: string;
  readonly flags: FlagValues;
  readonly words: readonly string[];
}

const ACTIONS: Readonly<Record<string, (call: WalletCall) => Promise<number>>> = {
  init, address, balance, coins, list, xpub, 'export-psbt': exportPsbt, 'sign-psbt': signFile, 'import-psbt': importPsbt,
};

export const walletCommand: Command = {
  name: 'wallet',
  summary: 'The pool\'s wallet: makes it, shows addresses, coins and payouts, and carries PSBTs to a signer and back.',
  usage: `${Object.keys(ACTIONS).join('|')} [FLAGS]`,
  flags: {
    file: {kind: 'text', value: 'FILE', doc: 'wallet file. Default: wallet.file of the config, else wallet.json in the data folder'},
    data: {kind: 'text', value: 'DIR', doc: 'data folder. Default ./pithead-data'},
    config: {kind: 'text', value: 'FILE', doc: 'read settings from a config file'},
    chain: {kind: 'text', value: 'CHAIN', doc: `init: ${COIN_NAMES.join(', ')}. Default: the config's`, choices: COIN_NAMES},
    'passphrase-file': {kind: 'text', value: 'FILE', doc: 'its first line opens the wallet. Default: wallet.passphraseFile, PITHEAD_WALLET_PASSPHRASE, or a question'},
    'words-file': {kind: 'text', value: 'FILE', doc: 'init: restore from the BIP 39 words in this file'},
    watch: {kind: 'text', value: 'XPUB', doc: 'init: watch only; the extended public key of m/84\'/coin\'/0\', as `wallet xpub` shows it'},
    out: {kind: 'text', value: 'FILE', doc: 'export-psbt, sign-psbt: where to write'},
    json: {kind: 'switch', doc: 'one JSON object; satoshis are texts of digits'},
  },
  notes: [
    'pithead wallet init                     makes a wallet and prints its 24 words, once',
    'pithead wallet init --watch tpub…       a wallet without keys: payouts wait for their signature',
    'pithead wallet export-psbt 7 --out F    payout 7 as a PSBT',
    'pithead wallet sign-psbt F --out G      signs it where the keys are; needs no node',
    'pithead wallet import-psbt G            gives it back to the pool that waits for it',
  ],
  takesWords: true,
  async run([action = '', ...words], flags) {
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) throw new UsageError(`wallet: say one of ${Object.keys(ACTIONS).join(', ')}`);
    const config = readConfig({file: flags.text('config'), sets: [], flags: flags.text('data') === undefined ? {} : {dataDir: flags.text('data')}});
    const path = flags.text('file') ?? (config.wallet.file === '' ? join(config.dataDir, 'wallet.json') : config.wallet.file);
    try {
      return await act({config, spec: COIN_SPECS[config.chain], path, flags, words});
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      complain(`pithead wallet: ${error.message} (${error.code})`);
      return 1;
    }
  },
};

async function init(call: WalletCall): Promise<number> {
  const {flags, path} = call;
  const spec = COIN_SPECS[(flags.text('chain') ?? call.config.chain) as CoinName];
  const watched = flags.text('watch');
  const made = watched === undefined ? await sealedWallet(call, spec) : {file: watchingWallet(watched, spec), words: undefined};
  mkdirSync(dirname(path), {recursive: true});
  accepted(createWalletFile(path, made.file));
  const first = opened(watchWallet(made.file, spec));
  const receiving = encodeAddress(first.script(0, 0).scriptPubKey, spec.address)!;
  if (flags.has('json')) {
    print(JSON.stringify({file: path, chain: spec.name, address: receiving, xpub: first.accountXpub, words: made.words ?? null}));
    return 0;
  }
  if (made.words !== undefined) print(`words     ${made.words}\nWrite them down: whoever has them has the coins, and without them or the file and its passphrase nobody has.\n`);
  print([`wallet    ${path}`, `chain     ${spec.name}`, `address   ${receiving}`, `xpub      ${first.accountXpub}`, '', `Use it with: --set wallet.file=${path}`].join('\n'));
  return 0;
}

async function sealedWallet(call: WalletCall, spec: CoinSpec): Promise<{file: WalletFile; words: string | undefined}> {
  const wordsFile = call.flags.text('words-file');
  const entropy = wordsFile === undefined ? new Uint8Array(randomBytes(ENTROPY_SIZE)) : opened(entropyOfWords(readFileSync(wordsFile, 'utf8')));
  const passphrase = await passphraseOf(call, {isNew: true});
  // What is restored may have coins from any time.
  const birthdaySec = wordsFile === undefined ? Math.floor(Date.now() / 1000) : 0;
  const file = newWalletFile(accountOfEntropy(entropy, spec.address), {chain: spec.name, birthdaySec}, {
    entropy, passphrase, salt: new Uint8Array(randomBytes(SALT_SIZE)), nonce: new Uint8Array(randomBytes(NONCE_SIZE)),
  });
  return {file, words: wordsFile === undefined ? wordsOfEntropy(entropy) : undefined};
}

/** `tpub…` or `fingerprint/tpub…`, the fingerprint as eight hexadecimal digits: with it other signers find their keys. */
function watchingWallet(text: string, spec: CoinSpec): WalletFile {
  const [, fingerprint, xpubText] = /^(?:([0-9a-fA-F]{8})\/)?(.+)$/.exec(text) ?? [];
  const account = opened(accountOfXpub(xpubText ?? '', spec.address, fingerprint === undefined ? 0 : Number.parseInt(fingerprint, 16)));
  return newWalletFile(account, {chain: spec.name, birthdaySec: 0});
}

async function address({path, flags}: WalletCall): Promise<number> {
  const {account, spec} = watched(path);
  const rows = Array.from({length: ADDRESSES_SHOWN}, (_, index) => encodeAddress(account.script(0, index).scriptPubKey, spec.address)!);
  print(flags.has('json') ? JSON.stringify(rows) : rows[0]!);
  return Promise.resolve(0);
}

async function xpub({path, flags}: WalletCall): Promise<number> {
  const {account} = watched(path);
  const text = `${account.masterFingerprint.toString(16).padStart(8, '0')}/${account.accountXpub}`;
  print(flags.has('json') ? JSON.stringify({xpub: account.accountXpub, fingerprint: text.slice(0, 8)}) : text);
  return Promise.resolve(0);
}

async function balance(call: WalletCall): Promise<number> {
  return withRows(call, (rows) => balanceText(rows, call.flags.has('json')));
}

async function coins(call: WalletCall): Promise<number> {
  return withRows(call, (rows) => coinsText(rows, call.flags.has('json')));
}

async function list(call: WalletCall): Promise<number> {
  return withRows(call, (rows) => payoutsText(rows, call.flags.has('json')));
}

async function withRows({config, spec}: WalletCall, show: (rows: ReturnType<typeof openPoolRows>) => string): Promise<number> {
  const rows = openPoolRows(config.dataDir, spec);
  try {
    print(show(rows));
    return 0;
  } finally {
    await rows.close();
  }
}

async function exportPsbt(call: WalletCall): Promise<number> {
  const {config, spec, path, flags, words} = call;
  const id = Number(words[0]);
  if (!Number.isSafeInteger(id) || id < 1) throw new UsageError('wallet: export-psbt takes the number of a payout');
  const {account} = watched(path);
  const rows = openPoolRows(config.dataDir, spec);
  try {
    const record = rows.payouts.record(id);
    const attempt = record?.attempts.find(({signed}) => signed === undefined);
    if (record === undefined || attempt === undefined || record.state === 'failed') throw new UsageError(`wallet: payout ${id} waits for no signature`);
    const psbt = createPsbt(partsOf(record, attempt), record.coins, {keys: account, book: new ScriptBook(account, ADDRESSES_SHOWN)});
    const out = flags.text('out');
    if (out === undefined) print(Buffer.from(psbt).toString('base64'));
    else writeWhole(out, psbt);
    return 0;
  } finally {
    await rows.close();
  }
}

async function signFile(call: WalletCall): Promise<number> {
  const {path, flags, words} = call;
  const [from] = words;
  if (from === undefined) throw new UsageError('wallet: sign-psbt takes a file');
  const file = opened(readWalletFile(path));
  const spec = specOf(file);
  const account = opened(unlockWallet(file, spec, await passphraseOf(call, {isNew: false})));
  const signed = opened(signPsbt(opened(readPsbt(from)), account, new ScriptBook(account, ADDRESSES_SHOWN)));
  const out = flags.text('out') ?? from.replace(/(\.psbt)?$/, '.signed.psbt');
  writeWhole(out, signed.psbt);
  print(flags.has('json') ? JSON.stringify({file: out, signedCount: signed.signedCount}) : `signed ${signed.signedCount} inputs: ${out}`);
  return 0;
}

/** Into the folder where the pool looks; what it holds is judged there once more. */
async function importPsbt({config, spec, words}: WalletCall): Promise<number> {
  const [from] = words;
  if (from === undefined) throw new UsageError('wallet: import-psbt takes a file');
  const psbt = opened(readPsbt(from));
  const unsigned = opened(unsignedBytesOf(psbt));
  const rows = openPoolRows(config.dataDir, spec);
  try {
    for (const record of rows.payouts.records()) {
      const attempt = record.attempts.find((made) => made.signed === undefined && bytesEqual(serializeTransaction(partsOf(record, made), {withWitness: false}), unsigned));
      if (attempt === undefined || record.state === 'failed') continue;
      const folder = config.wallet.psbtDir === '' ? join(config.dataDir, 'psbt') : config.wallet.psbtDir;
      const to = join(folder, `${psbtName({id: record.id, txid: attempt.txid})}.${randomBytes(4).toString('hex')}.psbt`);
      writeWhole(to, psbt);
      print(`payout ${record.id}: ${to}`);
      return 0;
    }
  } finally {
    await rows.close();
  }
  throw new UsageError('wallet: no payout waits for this transaction');
}

async function passphraseOf({config, flags}: WalletCall, {isNew}: {readonly isNew: boolean}): Promise<string> {
  const file = flags.text('passphrase-file') ?? config.wallet.passphraseFile;
  if (file !== '') return opened(readPassphrase(file));
  if (config.wallet.passphrase !== '') return config.wallet.passphrase;
  const passphrase = await askSecret('passphrase: ');
  if (passphrase === undefined || passphrase === '') throw new UsageError('wallet: name --passphrase-file, or set PITHEAD_WALLET_PASSPHRASE');
  if (isNew && await askSecret('once more:  ') !== passphrase) throw new UsageError('wallet: the two are not the same');
  return passphrase;
}

function watched(path: string): {readonly account: ReturnType<typeof accountOfEntropy>; readonly spec: CoinSpec} {
  const file = opened(readWalletFile(path));
  const spec = specOf(file);
  return {account: opened(watchWallet(file, spec)), spec};
}

function specOf(file: WalletFile): CoinSpec {
  const spec = Object.values(COIN_SPECS).find(({name}) => name === file.chain);
  if (spec === undefined) throw new UsageError(`wallet: this Pithead knows no chain ${file.chain}`);
  return spec;
}

/** @throws UsageError with the code. */
function opened<T>(verdict: {readonly ok: true; readonly value: T} | Rejection): T {
  if (!verdict.ok) throw new UsageError(`wallet: ${verdict.detail ?? verdict.code} (${verdict.code})`);
  return verdict.value;
}

function accepted(verdict: {readonly ok: true} | Rejection): void {
  if (!verdict.ok) throw new UsageError(`wallet: ${verdict.detail ?? verdict.code} (${verdict.code})`);
}
