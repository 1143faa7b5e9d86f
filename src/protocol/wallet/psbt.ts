/**
 * @module Partially signed transactions (BIP 174) between the pool and whoever holds the keys. Creating, signing and
 * combining is @scure/btc-signer's; what comes back is never believed: it must be the very transaction that was planned,
 * byte for byte but for the signatures, and every input must pass our own interpreter.
 */
import {PSBTCombine, Transaction as PsbtTransaction} from '@scure/btc-signer';
import {bytesEqual} from '../bytes/compare.js';
import {bytesToHex, hashToDisplayHex} from '../bytes/hex.js';
import {decodeTransaction, serializeTransaction} from '../primitives/transaction-codec.js';
import type {TransactionParts} from '../primitives/transaction-codec.js';
import type {Transaction, TxOutput} from '../primitives/transaction.js';
import {nobleOracle} from '../script/noble-oracle.js';
import {STANDARD_FLAGS} from '../script/script-flags.js';
import {TransactionDigests} from '../script/transaction-digests.js';
import {checkAllNow, inputsOf} from '../script/verify-inputs.js';
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import type {ScriptBook} from './account-keys.js';
import type {AccountKeys, WalletScript} from './account-keys.js';

export type PsbtRejection =
  | 'psbt-malformed'
  /** Not the transaction that was asked for. */
  | 'psbt-other-transaction'
  /** Some input lacks a signature. */
  | 'psbt-incomplete'
  /** A signature is there and does not hold. */
  | 'psbt-signature-invalid'
  /** None of the inputs is this wallet's. */
  | 'psbt-not-ours';

/** Outputs of any standard kind are paid; btc-signer would stop at those it has no name for. */
const OPTIONS = {allowUnknownOutputs: true, allowUnknownInputs: true, disableScriptCheck: true} as const;
/** "psbt" and 0xff. */
const MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

/** @param spent - the outputs that the inputs spend, in order; with `keyOf` telling which are of the account. */
export function createPsbt(parts: TransactionParts, spent: readonly TxOutput[], account?: {readonly keys: AccountKeys; readonly book: ScriptBook}): Uint8Array {
  const psbt = new PsbtTransaction({...OPTIONS, version: parts.version, lockTime: parts.lockTime});
  for (const [index, input] of parts.inputs.entries()) {
    const output = spent[index]!;
    const owner = account?.book.find(output.scriptPubKey);
    psbt.addInput({
      txid: hashToDisplayHex(input.prevout.txid), index: input.prevout.vout, sequence: input.sequence,
      witnessUtxo: {script: output.scriptPubKey, amount: output.valueSats},
      ...(owner !== undefined && {bip32Derivation: [derivationOf(account!.keys, owner)]}),
    });
  }
  for (const {valueSats, scriptPubKey} of parts.outputs) {
    const owner = account?.book.find(scriptPubKey);
    psbt.addOutput({script: scriptPubKey, amount: valueSats, ...(owner !== undefined && {bip32Derivation: [derivationOf(account!.keys, owner)]})});
  }
  assert(bytesEqual(psbt.unsignedTx, serializeTransaction(parts, {withWitness: false})), 'the PSBT holds the planned transaction');
  return psbt.toPSBT(0);
}

/** Signs every input whose script is the account's. @returns the PSBT with the signatures added. */
export function signPsbt(bytes: Uint8Array, account: AccountKeys, book: ScriptBook): Verdict<{readonly psbt: Uint8Array; readonly signedCount: number}, PsbtRejection> {
  const parsed = parsePsbt(bytes);
  if (!parsed.ok) return parsed;
  const psbt = parsed.value;
  let signedCount = 0;
  for (let index = 0; index < psbt.inputsLength; index += 1) {
    const owner = ownerOf(psbt, index, book);
    const secret = owner === undefined ? undefined : account.secret(owner.branch, owner.index);
    if (secret === undefined) continue;
    try {
      psbt.signIdx(secret, index);
    } catch (error) {
      // What the library refuses to sign: a foreign hash type, fields that contradict each other.
      return reject('psbt-malformed', textOf(error));
    }
    signedCount += 1;
  }
  return signedCount === 0 ? reject('psbt-not-ours') : {ok: true, value: {psbt: psbt.toPSBT(0), signedCount}};
}

/** Signatures of several signers in one PSBT. */
export function combinePsbts(parts: readonly Uint8Array[]): Verdict<Uint8Array, 'psbt-malformed' | 'psbt-other-transaction'> {
  for (const part of parts) {
    const parsed = parsePsbt(part);
    if (!parsed.ok) return parsed;
  }
  try {
    return {ok: true, value: PSBTCombine(parts.map((part) => part.slice()))};
  } catch (error) {
    return reject('psbt-other-transaction', textOf(error));
  }
}

/** Finalises and judges what a signer gave back. */
export function transactionOfPsbt(bytes: Uint8Array, planned: TransactionParts, spent: readonly TxOutput[]): Verdict<Transaction, PsbtRejection> {
  const parsed = parsePsbt(bytes);
  if (!parsed.ok) return parsed;
  const psbt = parsed.value;
  if (!bytesEqual(psbt.unsignedTx, serializeTransaction(planned, {withWitness: false}))) return reject('psbt-other-transaction', 'inputs, outputs or amounts differ from the plan');
  let raw: Uint8Array;
  try {
    for (let index = 0; index < psbt.inputsLength; index += 1) {
      const {finalScriptWitness, finalScriptSig} = psbt.getInput(index);
      // Many signers finalise what they give back.
      if (finalScriptWitness === undefined && finalScriptSig === undefined) psbt.finalizeIdx(index);
    }
    raw = psbt.extract();
  } catch (error) {
    return reject('psbt-incomplete', textOf(error));
  }
  const decoded = decodeTransaction(raw);
  return decoded.ok ? checkSigned(decoded.value, planned, spent) : reject('psbt-malformed', decoded.detail);
}

/** A signed transaction, from wherever it came: is it the planned one, and does it spend what it says? */
export function checkSigned(transaction: Transaction, planned: TransactionParts, spent: readonly TxOutput[]): Verdict<Transaction, 'psbt-other-transaction' | 'psbt-signature-invalid'> {
  if (!isPlanned(transaction, planned)) return reject('psbt-other-transaction', 'inputs, outputs or amounts differ from the plan');
  const verdicts = checkAllNow(inputsOf(new TransactionDigests(transaction, spent), STANDARD_FLAGS), nobleOracle);
  for (const [index, verdict] of verdicts.entries()) {
    if (!verdict.ok) return reject('psbt-signature-invalid', `input ${index}: ${verdict.code}`);
  }
  return {ok: true, value: transaction};
}

/** Byte for byte but for the signatures. */
export function isPlanned({version, lockTime, inputs, outputs}: Transaction, planned: TransactionParts): boolean {
  const bare = {version, lockTime, outputs, inputs: inputs.map(({prevout, sequence}) => ({prevout, sequence, scriptSig: new Uint8Array(0), witness: []}))};
  return bytesEqual(serializeTransaction(bare, {withWitness: false}), serializeTransaction(planned, {withWitness: false}));
}

/** The id of the transaction in a PSBT before it is signed, as hex of its bytes: names the same plan on both sides. */
export function unsignedBytesOf(bytes: Uint8Array): Verdict<Uint8Array, 'psbt-malformed'> {
  const parsed = parsePsbt(bytes);
  return parsed.ok ? {ok: true, value: parsed.value.unsignedTx} : parsed;
}

function parsePsbt(bytes: Uint8Array): Verdict<PsbtTransaction, 'psbt-malformed'> {
  if (!bytesEqual(bytes.subarray(0, MAGIC.length), MAGIC)) return reject('psbt-malformed', 'no PSBT of BIP 174');
  try {
    return {ok: true, value: PsbtTransaction.fromPSBT(bytes.slice(), OPTIONS)};
  } catch (error) {
    return reject('psbt-malformed', textOf(error));
  }
}

function ownerOf(psbt: PsbtTransaction, index: number, book: ScriptBook): WalletScript | undefined {
  const script = psbt.getInput(index).witnessUtxo?.script;
  return script === undefined ? undefined : book.find(script);
}

function derivationOf(keys: AccountKeys, {publicKey, branch, index}: WalletScript): [Uint8Array, {fingerprint: number; path: number[]}] {
  return [publicKey, {fingerprint: keys.masterFingerprint, path: [...keys.path, branch, index]}];
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : bytesToHex(new TextEncoder().encode(String(error)));
}
