/**
 * @module Signs inputs of the standard kinds, for key tools, demos and tests. ECDSA by RFC 6979 with low S; taproot's key
 * path by BIP 340. Deterministic unless auxiliary randomness is handed in. Decides nothing about whether to spend.
 */
import {schnorr, secp256k1} from '@noble/curves/secp256k1.js';
import {bytesEqual, concatBytes} from '../bytes/compare.js';
import {hash160} from '../bytes/hash160.js';
import {sha256} from '../bytes/sha256.js';
import type {Transaction, TxInput} from '../primitives/transaction.js';
import {encodeTransaction} from '../primitives/transaction-codec.js';
import type {TransactionParts} from '../primitives/transaction-codec.js';
import {assert, reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {buildScript, p2pkh, p2wpkh, pushBytes} from './build-script.js';
import {classifyScript} from './classify-script.js';
import type {ScriptTemplate} from './classify-script.js';
import {negateScalar} from './curve-order.js';
import {legacySighash} from './sighash-legacy.js';
import {segwitSighash} from './sighash-segwit.js';
import {taprootSighash} from './sighash-taproot.js';
import {SIGHASH} from './sighash-type.js';
import {encodeSignature} from './signature-encoding.js';
import {tapTweakHash} from './tagged-hash.js';
import {TransactionDigests} from './transaction-digests.js';
import type {SpentOutput} from './transaction-digests.js';

/** What signs one input. */
export interface InputKeys {
  /** 32 bytes each. One key, or for multisig those that sign, in any order. */
  readonly secrets: readonly Uint8Array[];
  /** Behind P2SH, except for P2WPKH, which follows from the key. */
  readonly redeemScript?: Uint8Array;
  /** Behind P2WSH. */
  readonly witnessScript?: Uint8Array;
  /** Root of the taproot script tree, where the output has one. */
  readonly merkleRoot?: Uint8Array;
  /** Default ALL; for taproot DEFAULT. */
  readonly hashType?: number;
  /** 32 bytes against side channels (BIP 340); zeros when absent. */
  readonly auxiliaryRandom?: Uint8Array;
  /** Old-style outputs of the uncompressed key. */
  readonly isUncompressed?: boolean;
}

export type InputUnlock = Pick<TxInput, 'scriptSig' | 'witness'>;

const NO_SCRIPT = new Uint8Array(0);
const NO_AUXILIARY = new Uint8Array(32);

/** Signs every input and hashes anew. @param keys - in input order. */
export function signTransaction(
  parts: TransactionParts, spentOutputs: readonly SpentOutput[], keys: readonly InputKeys[],
): Verdict<Transaction, 'sign-not-possible'> {
  const digests = new TransactionDigests(encodeTransaction(parts), spentOutputs);
  const inputs: TxInput[] = [];
  for (const [index, input] of parts.inputs.entries()) {
    const unlock = signInput(digests, index, keys[index]!);
    if (!unlock.ok) return unlock;
    inputs.push({prevout: input.prevout, sequence: input.sequence, ...unlock.value});
  }
  return {ok: true, value: encodeTransaction({version: parts.version, inputs, outputs: parts.outputs, lockTime: parts.lockTime})};
}

/** @returns what to put into the input, or why these keys cannot spend that output. */
export function signInput(
  digests: TransactionDigests, inputIndex: number, keys: InputKeys,
): Verdict<InputUnlock, 'sign-not-possible'> {
  const {scriptPubKey} = digests.spentOutputs[inputIndex]!;
  const signer = new InputSigner(digests, inputIndex, keys);
  const template = classifyScript(scriptPubKey);
  if (template.type === 'witness_v1_taproot') return unlocked(NO_SCRIPT, [signer.keyPathSignature()]);
  if (template.type === 'scripthash') return signNested(signer, template.hash, keys);
  if (template.type === 'witness_v0_keyhash' || template.type === 'witness_v0_scripthash') {
    return signProgram(signer, template, keys, NO_SCRIPT);
  }
  const items = signer.itemsFor(template, scriptPubKey, 'legacy');
  return items === undefined ? impossible(template) : unlocked(buildScript(items), []);
}

/** The secret of the taproot output key Q for the internal key `secret` (BIP 341, taproot_tweak_seckey). */
export function tweakSecret(secret: Uint8Array, merkleRoot?: Uint8Array): Uint8Array {
  const full = secp256k1.getPublicKey(secret, true);
  const evenSecret = full[0] === 3 ? negateScalar(secret) : secret;
  const internalKey = full.subarray(1);
  const tweak = merkleRoot === undefined ? tapTweakHash(internalKey) : tapTweakHash(internalKey, merkleRoot);
  const {Fn} = secp256k1.Point;
  return Fn.toBytes(Fn.add(Fn.fromBytes(evenSecret), Fn.fromBytes(tweak)));
}

class InputSigner {
  readonly publicKeys: readonly Uint8Array[];
  private readonly digests: TransactionDigests;
  private readonly inputIndex: number;
  private readonly keys: InputKeys;

  constructor(digests: TransactionDigests, inputIndex: number, keys: InputKeys) {
    assert(keys.secrets.length > 0, 'at least one key signs');
    this.digests = digests;
    this.inputIndex = inputIndex;
    this.keys = keys;
    this.publicKeys = keys.secrets.map((secret) => secp256k1.getPublicKey(secret, keys.isUncompressed !== true));
  }

  keyPathSignature(): Uint8Array {
    const {secrets, merkleRoot, auxiliaryRandom} = this.keys;
    const hashType = this.keys.hashType ?? SIGHASH.DEFAULT;
    const message = taprootSighash(this.digests, {inputIndex: this.inputIndex, hashType});
    assert(message !== undefined, 'a hash type that BIP 341 knows');
    const signature = schnorr.sign(message, tweakSecret(secrets[0]!, merkleRoot), auxiliaryRandom ?? NO_AUXILIARY);
    return hashType === SIGHASH.DEFAULT ? signature : concatBytes(signature, Uint8Array.of(hashType));
  }

  /** The stack items that satisfy a key, key hash or multisig script. @returns undefined if these keys do not. */
  itemsFor(
    template: ScriptTemplate, scriptCode: Uint8Array, version: 'legacy' | 'witness-v0',
  ): Uint8Array[] | undefined {
    const sign = (index: number): Uint8Array => this.ecdsaSignature(index, scriptCode, version);
    switch (template.type) {
      case 'pubkey':
        return bytesEqual(template.publicKey, this.publicKeys[0]!) ? [sign(0)] : undefined;
      case 'pubkeyhash':
        return bytesEqual(template.hash, hash160(this.publicKeys[0]!)) ? [sign(0), this.publicKeys[0]!] : undefined;
      case 'multisig': {
        // Signatures stand in the order of the script's keys; the empty item is the one that CHECKMULTISIG eats.
        const order = template.publicKeys.map((key) => this.publicKeys.findIndex((own) => bytesEqual(own, key)));
        const signers = order.filter((index) => index >= 0).slice(0, template.required);
        return signers.length === template.required ? [new Uint8Array(0), ...signers.map(sign)] : undefined;
      }
      default:
        return undefined;
    }
  }

  private ecdsaSignature(keyIndex: number, scriptCode: Uint8Array, version: 'legacy' | 'witness-v0'): Uint8Array {
    const hashType = this.keys.hashType ?? SIGHASH.ALL;
    const request = {inputIndex: this.inputIndex, scriptCode, hashType};
    const message = version === 'legacy'
      ? legacySighash(this.digests.transaction, request)
      : segwitSighash(this.digests, request);
    const compact = secp256k1.sign(message, this.keys.secrets[keyIndex]!, {prehash: false, lowS: true});
    return encodeSignature(compact, hashType);
  }
}

function signNested(signer: InputSigner, scriptHash: Uint8Array, keys: InputKeys): Verdict<InputUnlock, 'sign-not-possible'> {
  const redeemScript = keys.redeemScript ?? p2wpkh(hash160(signer.publicKeys[0]!));
  const template = classifyScript(redeemScript);
  if (!bytesEqual(hash160(redeemScript), scriptHash)) return impossible(template);
  if (template.type === 'witness_v0_keyhash' || template.type === 'witness_v0_scripthash') {
    return signProgram(signer, template, keys, pushBytes(redeemScript));
  }
  const items = signer.itemsFor(template, redeemScript, 'legacy');
  return items === undefined ? impossible(template) : unlocked(buildScript([...items, redeemScript]), []);
}

function signProgram(
  signer: InputSigner, program: ScriptTemplate, keys: InputKeys, scriptSig: Uint8Array,
): Verdict<InputUnlock, 'sign-not-possible'> {
  if (program.type === 'witness_v0_keyhash') {
    const script = p2pkh(program.hash);
    const items = signer.itemsFor(classifyScript(script), script, 'witness-v0');
    return items === undefined ? impossible(program) : unlocked(scriptSig, items);
  }
  const script = keys.witnessScript;
  if (program.type !== 'witness_v0_scripthash' || script === undefined) return impossible(program);
  if (!bytesEqual(sha256(script), program.hash)) return impossible(program);
  const items = signer.itemsFor(classifyScript(script), script, 'witness-v0');
  return items === undefined ? impossible(program) : unlocked(scriptSig, [...items, script]);
}

function unlocked(scriptSig: Uint8Array, witness: readonly Uint8Array[]): Verdict<InputUnlock, 'sign-not-possible'> {
  return {ok: true, value: {scriptSig, witness}};
}

function impossible(template: ScriptTemplate): Verdict<InputUnlock, 'sign-not-possible'> {
  return reject('sign-not-possible', `these keys do not spend a ${template.type} output`);
}
