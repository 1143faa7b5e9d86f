/**
 * @module The pool wallet's keys: BIP 39 words or raw entropy to a seed, BIP 32 derivation, BIP 84 accounts (P2WPKH).
 * Path m/84'/coin'/0', branch 0 for what miners' coinbases pay, branch 1 for change. An account made from the extended
 * public key alone knows every address and signs nothing: that is the watch-only mode.
 *
 * Makes no randomness and keeps nothing: whoever makes a wallet hands the entropy in.
 */
import {HDKey} from '@scure/bip32';
import {entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync} from '@scure/bip39';
import {wordlist} from '@scure/bip39/wordlists/english.js';
import {bytesToHex} from '../bytes/hex.js';
import {hash160} from '../bytes/hash160.js';
import type {AddressPrefixes} from '../chain/chain-spec.js';
import {p2wpkh} from '../script/build-script.js';
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';

/** Receiving, and change. */
export type KeyBranch = 0 | 1;

/** One of the wallet's scripts and where its key is. */
export interface WalletScript {
  readonly scriptPubKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly branch: KeyBranch;
  readonly index: number;
}

export interface AccountKeys {
  /** First four bytes of the master key's hash, as PSBTs name the signer; 0 when unknown. */
  readonly masterFingerprint: number;
  /** `tpub…` or `xpub…` of m/84'/coin'/0'. */
  readonly accountXpub: string;
  /** Hardened indexes included: [84', coin', 0']. */
  readonly path: readonly number[];
  script(branch: KeyBranch, index: number): WalletScript;
  /** @returns undefined for an account that only watches. */
  secret(branch: KeyBranch, index: number): Uint8Array | undefined;
}

export type WalletKeyRejection = 'wallet-mnemonic-invalid' | 'wallet-xpub-invalid';

/** 16 bytes make 12 words, 32 make 24. */
export const ENTROPY_SIZES: readonly number[] = [16, 20, 24, 28, 32];

const HARDENED = 0x80000000;
const PURPOSE = 84;
/** SLIP 132 is not used: Core, BIP 84 descriptors and most signers want the plain prefixes. */
const VERSIONS_MAIN = {private: 0x0488ade4, public: 0x0488b21e};
const VERSIONS_TEST = {private: 0x04358394, public: 0x043587cf};

export function wordsOfEntropy(entropy: Uint8Array): string {
  assert(ENTROPY_SIZES.includes(entropy.length), 'entropy of 16 to 32 bytes');
  return entropyToMnemonic(entropy, wordlist);
}

/** @param words - English; case and spaces at will. */
export function entropyOfWords(words: string): Verdict<Uint8Array, 'wallet-mnemonic-invalid'> {
  const normal = words.trim().toLowerCase().split(/\s+/).join(' ');
  try {
    return {ok: true, value: mnemonicToEntropy(normal, wordlist)};
  } catch {
    return reject('wallet-mnemonic-invalid', 'no BIP 39 words, or their checksum is wrong');
  }
}

/** The account of BIP 39's seed, without a 25th word. 2,048 rounds of PBKDF2: some milliseconds. */
export function accountOfEntropy(entropy: Uint8Array, prefixes: AddressPrefixes): AccountKeys {
  const {versions, coinType} = networkOf(prefixes);
  const master = HDKey.fromMasterSeed(mnemonicToSeedSync(wordsOfEntropy(entropy)), versions);
  const path = [PURPOSE + HARDENED, coinType + HARDENED, HARDENED];
  const account = path.reduce((key, index) => key.deriveChild(index), master);
  return new BranchedAccount(account, {path, masterFingerprint: master.fingerprint});
}

/** What watches: the account's extended public key, of this chain's kind. */
export function accountOfXpub(xpub: string, prefixes: AddressPrefixes, masterFingerprint = 0): Verdict<AccountKeys, 'wallet-xpub-invalid'> {
  const {versions, coinType} = networkOf(prefixes);
  try {
    const account = HDKey.fromExtendedKey(xpub, versions);
    if (account.privateKey !== null) return reject('wallet-xpub-invalid', 'this is a private key: a wallet that watches must not hold it');
    if (account.depth !== 3) return reject('wallet-xpub-invalid', `depth ${account.depth} where an account of BIP 84 has 3`);
    return {ok: true, value: new BranchedAccount(account, {path: [PURPOSE + HARDENED, coinType + HARDENED, HARDENED], masterFingerprint})};
  } catch {
    return reject('wallet-xpub-invalid', 'no extended public key of this chain');
  }
}

class BranchedAccount implements AccountKeys {
  readonly masterFingerprint: number;
  readonly accountXpub: string;
  readonly path: readonly number[];
  readonly #branches: readonly [HDKey, HDKey];

  constructor(account: HDKey, facts: {readonly path: readonly number[]; readonly masterFingerprint: number}) {
    this.path = facts.path;
    this.masterFingerprint = facts.masterFingerprint;
    this.accountXpub = account.publicExtendedKey;
    this.#branches = [account.deriveChild(0), account.deriveChild(1)];
  }

  script(branch: KeyBranch, index: number): WalletScript {
    const {publicKey} = this.#branches[branch].deriveChild(index);
    assert(publicKey !== null, 'a derived key has its public half');
    return {scriptPubKey: p2wpkh(hash160(publicKey)), publicKey, branch, index};
  }

  secret(branch: KeyBranch, index: number): Uint8Array | undefined {
    return this.#branches[branch].deriveChild(index).privateKey ?? undefined;
  }
}

/** How a wallet is found again among its coins: script to key. */
export class ScriptBook {
  readonly #byScript = new Map<string, WalletScript>();

  /** @param gap - scripts of each branch that are watched (BIP 44's gap limit). */
  constructor(account: AccountKeys, gap: number) {
    for (const branch of [0, 1] as const) {
      for (let index = 0; index < gap; index += 1) {
        const script = account.script(branch, index);
        this.#byScript.set(bytesToHex(script.scriptPubKey), script);
      }
    }
  }

  find(scriptPubKey: Uint8Array): WalletScript | undefined {
    // All are P2WPKH: 22 bytes. Most outputs of a block end here.
    return scriptPubKey.length === 22 ? this.#byScript.get(bytesToHex(scriptPubKey)) : undefined;
  }
}

/** SLIP 44: 0 for Bitcoin, 1 for every chain whose coins are worth nothing. */
function networkOf(prefixes: AddressPrefixes): {versions: {private: number; public: number}; coinType: number} {
  return prefixes.bech32 === 'bc' ? {versions: VERSIONS_MAIN, coinType: 0} : {versions: VERSIONS_TEST, coinType: 1};
}
