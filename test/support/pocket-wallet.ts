/**
 * @module One key and the coins of its four kinds of output, for tests that pay with real transactions. It follows no
 * chain: the test tells it which blocks are in force.
 */
import {addressesOf, privateKeyFromRandom, publicKeyOf, type PrivateKey} from '../../src/protocol/address/private-key.js';
import {decodeAddress} from '../../src/protocol/address/address.js';
import {hashToDisplayHex} from '../../src/protocol/bytes/hex.js';
import {sha256} from '../../src/protocol/bytes/sha256.js';
import type {AddressPrefixes} from '../../src/protocol/chain/chain-spec.js';
import {SEQUENCE_FINAL} from '../../src/protocol/primitives/transaction-codec.js';
import type {OutPoint, Transaction, TxOutput} from '../../src/protocol/primitives/transaction.js';
import {multisig, p2shOf, p2wpkh, p2wshOf} from '../../src/protocol/script/build-script.js';
import {hash160} from '../../src/protocol/bytes/hash160.js';
import {signTransaction, type InputKeys} from '../../src/protocol/script/sign-input.js';

export interface WalletCoin {
  readonly outpoint: OutPoint;
  readonly output: TxOutput;
  readonly keys: InputKeys;
}

export type OutputKind = 'p2pkh' | 'p2shP2wpkh' | 'p2wpkh' | 'p2tr' | 'p2wshMultisig' | 'p2shMultisig';

export class PocketWallet {
  readonly key: PrivateKey;
  private readonly addresses: ReturnType<typeof addressesOf>;
  private readonly prefixes: AddressPrefixes;
  private readonly multisigScript: Uint8Array;

  constructor(seed: string, prefixes: AddressPrefixes) {
    const drawn = privateKeyFromRandom(sha256(new TextEncoder().encode(`pithead test wallet ${seed}`)));
    if (!drawn.ok) throw new Error('one draw in 2^127 fails: choose another seed');
    this.key = drawn.value;
    this.prefixes = prefixes;
    this.addresses = addressesOf(this.key, prefixes);
    const publicKey = publicKeyOf(this.key);
    this.multisigScript = multisig(1, [publicKey, publicKey]);
  }

  get address(): string {
    return this.addresses.p2wpkh;
  }

  scriptOf(kind: OutputKind): Uint8Array {
    if (kind === 'p2wshMultisig') return p2wshOf(this.multisigScript);
    if (kind === 'p2shMultisig') return p2shOf(this.multisigScript);
    const decoded = decodeAddress(this.addresses[kind], this.prefixes);
    if (!decoded.ok) throw new Error(`own address ${this.addresses[kind]} does not decode`);
    return decoded.value.scriptPubKey;
  }

  /** The coin that output `vout` of `transaction` is, when it is this wallet's and of this kind. */
  coinOf(transaction: {readonly txid: Uint8Array; readonly outputs: readonly TxOutput[]}, vout: number, kind: OutputKind): WalletCoin {
    const output = transaction.outputs[vout];
    if (output === undefined) throw new Error(`${hashToDisplayHex(transaction.txid)} has no output ${vout}`);
    const program = p2wpkh(hash160(publicKeyOf(this.key)));
    const keys: InputKeys = {
      secrets: [this.key.secret],
      ...(kind === 'p2shP2wpkh' && {redeemScript: program}),
      ...(kind === 'p2shMultisig' && {redeemScript: this.multisigScript}),
      ...(kind === 'p2wshMultisig' && {witnessScript: this.multisigScript}),
    };
    return {outpoint: {txid: transaction.txid, vout}, output, keys};
  }

  /** Spends the coins whole to the outputs; what is missing to the sum is the fee. */
  pay(coins: readonly WalletCoin[], outputs: readonly TxOutput[]): Transaction {
    const signed = signTransaction({
      version: 2, lockTime: 0, outputs,
      inputs: coins.map(({outpoint}) => ({prevout: outpoint, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL - 1, witness: []})),
    }, coins.map(({output}) => output), coins.map(({keys}) => keys));
    if (!signed.ok) throw new Error(`cannot sign: ${signed.code}`);
    return signed.value;
  }

}
