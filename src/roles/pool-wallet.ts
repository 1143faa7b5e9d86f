/**
 * @module Where the pool is paid to: the wallet that it pays out from, where there is one; else the address that the
 * operator named; else a key that is made once and kept in the data folder. The last is good for a devnet; whoever runs a
 * pool for others has a wallet, or sets `pool.payoutAddress` and keeps the key elsewhere.
 */
import {randomBytes} from 'node:crypto';
import {closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {addressesOf, decodePrivateKey, encodePrivateKey, privateKeyFromRandom} from '../protocol/address/private-key.js';
import {decodeAddress, encodeAddress} from '../protocol/address/address.js';
import type {CoinSpec} from '../protocol/chain/chain-spec.js';
import {ScriptBook, type AccountKeys} from '../protocol/wallet/account-keys.js';
import {unlockWallet, watchWallet} from '../protocol/wallet/wallet-file.js';
import {readPassphrase, readWalletFile} from '../storage/wallet-files.js';
import {StartError} from './start-error.js';

/** Of each branch so many addresses are watched: BIP 44's gap limit. */
const SCRIPT_GAP = 20;
const WALLET_FILE = 'pool-wallet.json';

export interface PayoutTarget {
  readonly address: string;
  readonly scriptPubKey: Uint8Array;
  /** Where the key was made or found; undefined when the address was configured. */
  readonly keyFile: string | undefined;
}

/** The wallet's account: with its keys, or without when somebody else signs. */
export interface PoolWallet {
  readonly account: AccountKeys;
  readonly book: ScriptBook;
  readonly isWatchOnly: boolean;
  readonly birthdaySec: number;
}

/**
 * Takes a second: the passphrase is meant to be slow to try.
 * @throws StartError when the wallet is not this chain's, or does not open.
 */
export function openPoolWallet(spec: CoinSpec, options: {readonly file: string; readonly passphraseFile: string; readonly passphrase: string}): PoolWallet | undefined {
  if (options.file === '') return undefined;
  const file = readWalletFile(options.file);
  if (!file.ok) throw unreadable(options.file, file);
  const {birthdaySec, seed} = file.value;
  if (seed === undefined) {
    const watching = watchWallet(file.value, spec);
    if (!watching.ok) throw unreadable(options.file, watching);
    return {account: watching.value, book: new ScriptBook(watching.value, SCRIPT_GAP), isWatchOnly: true, birthdaySec};
  }
  const passphrase = options.passphraseFile === '' ? {ok: true as const, value: options.passphrase} : readPassphrase(options.passphraseFile);
  if (!passphrase.ok) throw unreadable(options.file, passphrase);
  if (passphrase.value === '') throw new StartError('pool-wallet-unreadable', `${options.file} is sealed; name wallet.passphraseFile, or set PITHEAD_WALLET_PASSPHRASE.`);
  const account = unlockWallet(file.value, spec, passphrase.value);
  if (!account.ok) throw unreadable(options.file, account);
  return {account: account.value, book: new ScriptBook(account.value, SCRIPT_GAP), isWatchOnly: false, birthdaySec};
}

/** @throws StartError when coinbases would pay to where the wallet cannot pay from. */
export function walletTarget(spec: CoinSpec, wallet: PoolWallet, configured: string): PayoutTarget {
  const {scriptPubKey} = wallet.account.script(0, 0);
  const own = {address: encodeAddress(scriptPubKey, spec.address)!, scriptPubKey, keyFile: undefined};
  if (configured === '') return own;
  const named = scriptOf(spec, configured, 'pool.payoutAddress');
  if (wallet.book.find(named.scriptPubKey) !== undefined) return {...named, keyFile: undefined};
  throw new StartError('payout-address-invalid', `pool.payoutAddress is not an address of the wallet, which then would have nothing to pay from. Leave it empty: rewards go to ${own.address}.`);
}

function unreadable(file: string, {code, detail}: {readonly code: string; readonly detail?: string}): StartError {
  return new StartError('pool-wallet-unreadable', `The wallet ${file} cannot be used: ${detail ?? code} (${code}).`);
}

/** @throws StartError when the configured address or the kept key is none of this chain. */
export function payoutTarget(spec: CoinSpec, options: {readonly configured: string; readonly dataDir: string}): PayoutTarget {
  if (options.configured !== '') return {...scriptOf(spec, options.configured, 'pool.payoutAddress'), keyFile: undefined};
  const keyFile = join(options.dataDir, WALLET_FILE);
  if (!existsSync(keyFile)) makeKey(spec, keyFile);
  const kept = JSON.parse(readFileSync(keyFile, 'utf8')) as {privateKey?: unknown};
  const key = decodePrivateKey(String(kept.privateKey), spec.address);
  if (!key.ok) throw new StartError('pool-wallet-unreadable', `${keyFile} holds no private key of ${spec.name} (${key.code}). Restore it from a backup, or set pool.payoutAddress.`);
  return {...scriptOf(spec, addressesOf(key.value, spec.address).p2wpkh, keyFile), keyFile};
}

function scriptOf(spec: CoinSpec, address: string, where: string): {address: string; scriptPubKey: Uint8Array} {
  const decoded = decodeAddress(address, spec.address);
  if (!decoded.ok) throw new StartError('payout-address-invalid', `${where}: ${address} is no address of ${spec.name} (${decoded.code}).`);
  return {address, scriptPubKey: decoded.value.scriptPubKey};
}

/** Written whole or not at all, and on disk before anything is paid to it. */
function makeKey(spec: CoinSpec, keyFile: string): void {
  let drawn = privateKeyFromRandom(randomBytes(32));
  while (!drawn.ok) drawn = privateKeyFromRandom(randomBytes(32));
  const text = `${JSON.stringify({chain: spec.name, address: addressesOf(drawn.value, spec.address).p2wpkh, privateKey: encodePrivateKey(drawn.value, spec.address)}, null, 2)}\n`;
  const temporary = `${keyFile}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, keyFile);
}
