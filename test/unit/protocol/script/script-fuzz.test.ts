// Proves that outside scripts never throw: random bytes, random opcode soup and mutated real scripts as input script,
// output script and witness, under random flags, always end in a verdict; and the loop of assumed answers, with an
// oracle that answers by chance but the same each time, always ends where asking at once ends.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {disassembleScript, isPushOnly} from '../../../../src/protocol/script/parse-script.js';
import {classifyScript} from '../../../../src/protocol/script/classify-script.js';
import {leafHash, tweakPublicKey} from '../../../../src/protocol/script/taproot-tree.js';
import {p2shOf, p2tr, p2wshOf, pushData} from '../../../../src/protocol/script/build-script.js';
import {concatBytes} from '../../../../src/protocol/bytes/compare.js';
import {buildTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import {SCRIPT_ERROR_CODES} from '../../../../src/protocol/script/script-error.js';
import type {SignatureOracle} from '../../../../src/protocol/script/signature-check.js';
import {TransactionDigests} from '../../../../src/protocol/script/transaction-digests.js';
import {checkAllNow} from '../../../../src/protocol/script/verify-inputs.js';
import type {InputToVerify} from '../../../../src/protocol/script/verify-inputs.js';
import {verifyInRounds} from '../../../support/answered-rounds.js';
import {hex} from '../../../support/script-assembler.js';

const SEED = 20261121;
const CASES = 6000;
const X_KEY = hex('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
// Only their form matters: the oracle below knows no curve.
const KEYS = Array.from({length: 8}, (_, index) => concatBytes(Uint8Array.of(2), X_KEY.with(31, index)));
const DER = hex(`3006020101020101${'01'}`);

/** mulberry32: small, seeded, the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

const random = seededRandom(SEED);
const below = (limit: number): number => Math.floor(random() * limit);
const randomBytes = (length: number): Uint8Array => Uint8Array.from({length}, () => below(256));

/** A signature that is strict DER, with a digit of its own so that questions differ. */
function someSignature(): Uint8Array {
  const signature = DER.slice();
  signature[4] = 1 + below(3);
  return signature;
}

function soup(): Uint8Array {
  const words = Array.from({length: below(14)}, () => {
    const kind = random();
    if (kind < 0.15) return pushData(someSignature());
    if (kind < 0.3) return pushData(KEYS[below(KEYS.length)]!);
    if (kind < 0.35) return pushData(X_KEY);
    if (kind < 0.6) return Uint8Array.of(0x51 + below(4));
    if (kind < 0.8) return Uint8Array.of([0xac, 0xad, 0xae, 0xaf, 0xba, 0xab, 0x91, 0x63, 0x67, 0x68][below(10)]!);
    return Uint8Array.of(below(256));
  });
  return concatBytes(...words);
}

/** n of m with signatures of chance: the shape that needs many rounds. */
function someMultisig(): {scriptSig: Uint8Array; script: Uint8Array} {
  const keys = Array.from({length: 1 + below(8)}, () => pushData(KEYS[below(KEYS.length)]!));
  const required = 1 + below(keys.length);
  const signatures = Array.from({length: required}, () => pushData(someSignature()));
  const script = concatBytes(Uint8Array.of(0x50 + required), ...keys, Uint8Array.of(0x50 + keys.length, 0xae));
  return {scriptSig: concatBytes(Uint8Array.of(0), ...signatures), script: random() < 0.5 ? script : concatBytes(script, Uint8Array.of(0x91))};
}

function someSpend(): {scriptSig: Uint8Array; scriptPubKey: Uint8Array; witness: Uint8Array[]} {
  const none = new Uint8Array(0);
  const script = random() < 0.2 ? randomBytes(below(40)) : soup();
  const items = Array.from({length: below(4)}, () => (random() < 0.5 ? someSignature() : randomBytes(below(70))));
  switch (below(6)) {
    case 0: return {scriptSig: soup(), scriptPubKey: script, witness: []};
    case 1: return {scriptSig: concatBytes(soup(), pushData(script)), scriptPubKey: p2shOf(script), witness: []};
    case 2: return {scriptSig: none, scriptPubKey: p2wshOf(script), witness: [...items, script]};
    case 3: {
      const multisig = someMultisig();
      return {scriptSig: multisig.scriptSig, scriptPubKey: multisig.script, witness: []};
    }
    case 4: return {scriptSig: none, scriptPubKey: p2tr(X_KEY), witness: [...items, randomBytes(64 + below(2))]};
    default: {
      const tweaked = tweakPublicKey(X_KEY, leafHash(0xc0, script))!;
      const controlBlock = concatBytes(Uint8Array.of(0xc0 | Number(tweaked.isOdd)), X_KEY);
      return {scriptSig: none, scriptPubKey: p2tr(tweaked.outputKey), witness: [...items, script, controlBlock]};
    }
  }
}

function someInput(): InputToVerify {
  const {scriptSig, scriptPubKey, witness} = someSpend();
  const transaction = buildTransaction({
    inputs: [{prevout: {txid: randomBytes(32), vout: 0}, scriptSig, witness, sequence: below(0x100000000)}],
    outputs: [{valueSats: 1n, scriptPubKey: new Uint8Array(0)}],
  });
  const flags = random() < 0.5 ? 0x20e15 : below(1 << 21);
  return {digests: new TransactionDigests(transaction, [{valueSats: 2n, scriptPubKey}]), inputIndex: 0, flags};
}

/** Says yes or no by the question alone, at about even odds. */
const fickleOracle: SignatureOracle = {
  isValid: ({publicKey, signature, message}) => (Math.imul(message[0]! + 7 * signature[31]! + 31 * publicKey.at(-1)! + 1, 0x9e3779b1) >>> 31) === 1,
};

const fuzz = suite('protocol / script / script-fuzz');
const inputs = Array.from({length: CASES}, someInput);

fuzz(`random spends of seed ${SEED} end in a verdict, and in rounds as at once`, () => {
  const atOnce = checkAllNow(inputs, fickleOracle);
  const {verdicts, rounds} = verifyInRounds(inputs, fickleOracle);
  assert.equal(verdicts, atOnce);
  const names = new Set(atOnce.map((verdict) => (verdict.ok ? 'OK' : verdict.code)));
  for (const name of names) assert.ok(name === 'OK' || SCRIPT_ERROR_CODES.includes(name), name);
  // Chance must have reached many corners, or nothing was proved.
  assert.ok(names.size >= 20, [...names].join(' '));
  assert.ok(atOnce.filter(({ok}) => ok).length > CASES / 50);
  assert.ok(rounds >= 4, `${rounds} rounds`);
  process.stdout.write(`\nnote: ${CASES} random spends: ${names.size} different outcomes, settled in ${rounds} rounds\n`);
});

fuzz('random bytes are read, classified and printed without a throw', () => {
  for (let i = 0; i < CASES; i++) {
    const script = randomBytes(below(60));
    assert.type(disassembleScript(script), 'string');
    assert.type(isPushOnly(script), 'boolean');
    assert.type(classifyScript(script).type, 'string');
  }
});

fuzz.run();
