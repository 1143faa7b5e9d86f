/**
 * @module What stands in a wallet file: which chain, the account's public key, since when, and the sealed seed, unless the
 * wallet only watches. JSON, so that an operator sees what it is; nothing in it spends without the passphrase.
 */
import type {AddressPrefixes} from '../chain/chain-spec.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {accountOfEntropy, accountOfXpub} from './account-keys.js';
import type {AccountKeys} from './account-keys.js';
import {openSeed, sealSeed} from './sealed-seed.js';
import type {ScryptCost, SealedSeed} from './sealed-seed.js';

export interface WalletFile {
  readonly format: 1;
  readonly chain: string;
  readonly accountXpub: string;
  readonly masterFingerprint: number;
  /** Blocks before this time hold nothing of the wallet: seconds. */
  readonly birthdaySec: number;
  /** Absent: the wallet watches, and another machine signs. */
  readonly seed?: SealedSeed;
}

export type WalletFileRejection = 'wallet-file-invalid' | 'wallet-other-chain' | 'wallet-passphrase-wrong' | 'wallet-xpub-invalid';

export function newWalletFile(
  account: AccountKeys, facts: {readonly chain: string; readonly birthdaySec: number},
  secret?: {readonly entropy: Uint8Array; readonly passphrase: string; readonly salt: Uint8Array; readonly nonce: Uint8Array; readonly cost?: ScryptCost},
): WalletFile {
  const open: WalletFile = {format: 1, chain: facts.chain, accountXpub: account.accountXpub, masterFingerprint: account.masterFingerprint, birthdaySec: facts.birthdaySec};
  return secret === undefined ? open : {...open, seed: sealSeed(secret.entropy, {...secret, context: contextOf(open)})};
}

export function formatWalletFile(file: WalletFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

export function parseWalletFile(text: string): Verdict<WalletFile, 'wallet-file-invalid'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return reject('wallet-file-invalid', 'not JSON');
  }
  const {format, chain, accountXpub, masterFingerprint, birthdaySec, seed} = (value ?? {}) as Partial<Record<keyof WalletFile, unknown>>;
  if (format !== 1) return reject('wallet-file-invalid', `format ${String(format)}`);
  if (typeof chain !== 'string' || typeof accountXpub !== 'string' || !isCount(masterFingerprint) || !isCount(birthdaySec)) {
    return reject('wallet-file-invalid', 'chain, accountXpub, masterFingerprint or birthdaySec is missing');
  }
  if (seed !== undefined && !isSealedSeed(seed)) return reject('wallet-file-invalid', 'the sealed seed is incomplete');
  return {ok: true, value: {format, chain, accountXpub, masterFingerprint, birthdaySec, ...(seed !== undefined && {seed})}};
}

/** The addresses and nothing that signs. */
export function watchWallet(file: WalletFile, chain: {readonly name: string; readonly address: AddressPrefixes}): Verdict<AccountKeys, WalletFileRejection> {
  if (file.chain !== chain.name) return reject('wallet-other-chain', `a wallet of ${file.chain}, not of ${chain.name}`);
  return accountOfXpub(file.accountXpub, chain.address, file.masterFingerprint);
}

/** The account with its keys. */
export function unlockWallet(
  file: WalletFile, chain: {readonly name: string; readonly address: AddressPrefixes}, passphrase: string,
): Verdict<AccountKeys & {readonly entropy: Uint8Array}, WalletFileRejection> {
  if (file.chain !== chain.name) return reject('wallet-other-chain', `a wallet of ${file.chain}, not of ${chain.name}`);
  if (file.seed === undefined) return reject('wallet-file-invalid', 'this wallet watches only: it holds no seed');
  const opened = openSeed(file.seed, {passphrase, context: contextOf(file)});
  if (!opened.ok) return opened;
  const account = accountOfEntropy(opened.value, chain.address);
  if (account.accountXpub !== file.accountXpub) return reject('wallet-file-invalid', 'the seed does not belong to the public key');
  return {ok: true, value: Object.assign(account, {entropy: opened.value})};
}

/** Everything beside the seed, in fixed order. */
function contextOf({format, chain, accountXpub, masterFingerprint, birthdaySec}: WalletFile): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([format, chain, accountXpub, masterFingerprint, birthdaySec]));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSealedSeed(value: unknown): value is SealedSeed {
  const {kdf, cost, saltHex, cipher, nonceHex, sealedHex} = (value ?? {}) as Partial<Record<keyof SealedSeed, unknown>>;
  return kdf === 'scrypt' && cipher === 'xchacha20-poly1305' && typeof cost === 'object' && cost !== null
    && [saltHex, nonceHex, sealedHex].every((text) => typeof text === 'string');
}
