// Proves taproot outputs and key path signing on BIP 341's wallet vectors: leaf hashes, tweaks, scripts, addresses,
// control blocks that the verifier accepts, digests, signatures to the byte, and spends that the interpreter accepts.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {decodeTransaction, encodeTransaction, transactionParts} from '../../src/protocol/primitives/transaction-codec.js';
import {p2tr} from '../../src/protocol/script/build-script.js';
import {nobleOracle} from '../../src/protocol/script/noble-oracle.js';
import {STANDARD_FLAGS} from '../../src/protocol/script/script-flags.js';
import {taprootSighash} from '../../src/protocol/script/sighash-taproot.js';
import {signInput, tweakSecret} from '../../src/protocol/script/sign-input.js';
import {branchHash, isCommittedLeaf, isControlBlockSize, leafHash, leafVersionOf, tweakPublicKey} from '../../src/protocol/script/taproot-tree.js';
import {TransactionDigests} from '../../src/protocol/script/transaction-digests.js';
import {verifyScript} from '../../src/protocol/script/verify-script.js';
import {BITCOIN_PREFIXES} from '../support/address-prefixes.js';
import {hex} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

interface Leaf {readonly id: number; readonly script: string; readonly leafVersion: number}
type Tree = Leaf | readonly [Tree, Tree];
interface OutputVector {
  readonly given: {readonly internalPubkey: string; readonly scriptTree: Tree | null};
  readonly intermediary: {readonly leafHashes?: readonly string[]; readonly merkleRoot: string | null; readonly tweakedPubkey: string};
  readonly expected: {readonly scriptPubKey: string; readonly bip350Address: string; readonly scriptPathControlBlocks?: readonly string[]};
}
interface InputVector {
  readonly given: {readonly txinIndex: number; readonly internalPrivkey: string; readonly merkleRoot: string | null; readonly hashType: number};
  readonly intermediary: {readonly tweakedPrivkey: string; readonly sigHash: string};
  readonly expected: {readonly witness: readonly [string]};
}
interface SpendingVector {
  readonly given: {readonly rawUnsignedTx: string; readonly utxosSpent: readonly {readonly scriptPubKey: string; readonly amountSats: number}[]};
  readonly inputSpending: readonly InputVector[];
}

const G_X = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';

function isLeaf(tree: Tree): tree is Leaf {
  return 'script' in tree;
}

function leavesOf(tree: Tree): Leaf[] {
  return isLeaf(tree) ? [tree] : [...leavesOf(tree[0]), ...leavesOf(tree[1])];
}

function rootOf(tree: Tree): Uint8Array {
  return isLeaf(tree) ? leafHash(tree.leafVersion, hex(tree.script)) : branchHash(rootOf(tree[0]), rootOf(tree[1]));
}

function checkOutput({given, intermediary, expected}: OutputVector): void {
  const tree = given.scriptTree;
  const root = tree === null ? undefined : rootOf(tree);
  assert.is(root === undefined ? null : bytesToHex(root), intermediary.merkleRoot);
  const tweaked = tweakPublicKey(hex(given.internalPubkey), root)!;
  assert.is(bytesToHex(tweaked.outputKey), intermediary.tweakedPubkey);
  const script = p2tr(tweaked.outputKey);
  assert.is(bytesToHex(script), expected.scriptPubKey);
  assert.is(encodeAddress(script, BITCOIN_PREFIXES.main), expected.bip350Address);
  for (const [index, leaf] of (tree === null ? [] : leavesOf(tree)).entries()) {
    const hash = leafHash(leaf.leafVersion, hex(leaf.script));
    assert.is(bytesToHex(hash), intermediary.leafHashes![index]);
    const controlBlock = hex(expected.scriptPathControlBlocks![leaf.id]!);
    assert.ok(isControlBlockSize(controlBlock.length));
    assert.is(leafVersionOf(controlBlock), leaf.leafVersion);
    assert.ok(isCommittedLeaf(controlBlock, tweaked.outputKey, hash));
    controlBlock[0]! ^= 1;
    assert.not.ok(isCommittedLeaf(controlBlock, tweaked.outputKey, hash), 'the wrong parity');
  }
}

function checkInput(digests: TransactionDigests, {given, intermediary, expected}: InputVector): void {
  const {txinIndex: inputIndex, hashType} = given;
  const merkleRoot = given.merkleRoot === null ? undefined : hex(given.merkleRoot);
  const secret = hex(given.internalPrivkey);
  assert.is(bytesToHex(tweakSecret(secret, merkleRoot)), intermediary.tweakedPrivkey);
  assert.is(bytesToHex(taprootSighash(digests, {inputIndex, hashType})!), intermediary.sigHash);
  const signed = signInput(digests, inputIndex, {secrets: [secret], hashType, ...(merkleRoot && {merkleRoot})});
  assert.ok(signed.ok);
  if (!signed.ok) return;
  assert.equal(signed.value.witness.map(bytesToHex), expected.witness);
  const {spentOutputs} = digests;
  const transaction = transactionParts(digests.transaction);
  const inputs = transaction.inputs.map((input, index) => (index === inputIndex ? {...input, ...signed.value} : input));
  const spend = {digests: new TransactionDigests(encodeTransaction({...transaction, inputs}), spentOutputs), inputIndex, flags: STANDARD_FLAGS};
  assert.equal(verifyScript({...spend, oracle: nobleOracle}), {ok: true});
  assert.equal(verifyScript({...spend, oracle: {isValid: () => false}}), {ok: false, code: 'SCHNORR_SIG'});
}

const bip341 = suite('vectors / bip341');

bip341('the generator as internal key gives the output of the published address of secret key 1', () => {
  const script = p2tr(tweakPublicKey(hex(G_X))!.outputKey);
  assert.is(encodeAddress(script, BITCOIN_PREFIXES.main), 'bc1pmfr3p9j00pfxjh0zmgp99y8zftmd3s5pmedqhyptwy6lm87hf5sspknck9');
});

bip341('a key that is not on the curve has no tweak', () => {
  assert.is(tweakPublicKey(hex('ff'.repeat(32))), undefined);
  assert.is(tweakPublicKey(hex('5'.padStart(64, '0'))), undefined);
});

bip341('bip341_wallet_vectors.json: outputs, control blocks, digests, signatures', () => {
  const text = readSharedText('bitcoin-core/bip341_wallet_vectors.json');
  if (text === undefined) return;
  const vectors = JSON.parse(text) as {readonly scriptPubKey: readonly OutputVector[]; readonly keyPathSpending: readonly SpendingVector[]};
  for (const vector of vectors.scriptPubKey) checkOutput(vector);
  const {given, inputSpending} = vectors.keyPathSpending[0]!;
  const decoded = decodeTransaction(hex(given.rawUnsignedTx));
  if (!decoded.ok) throw new Error(decoded.code);
  const spent = given.utxosSpent.map(({scriptPubKey, amountSats}) => ({scriptPubKey: hex(scriptPubKey), valueSats: BigInt(amountSats)}));
  const digests = new TransactionDigests(decoded.value, spent);
  for (const vector of inputSpending) checkInput(digests, vector);
  process.stdout.write(`\nnote: bip341_wallet_vectors.json: ${vectors.scriptPubKey.length} outputs and ${inputSpending.length} signed inputs passed\n`);
  assert.ok(vectors.scriptPubKey.length >= 7 && inputSpending.length >= 7);
});

bip341.run();
