// Proves scripts and digests on real blocks whose inputs all passed on the real networks: 300,025 of main, before segwit,
// and 1,087,400 of testnet3, with it. Each signature is checked by the reference oracle; and where an oracle finds none
// of them good, no input passes.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ByteReader} from '../../src/protocol/bytes/byte-reader.js';
import {decodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {classifyScript} from '../../src/protocol/script/classify-script.js';
import {consensusFlags} from '../../src/protocol/script/script-flags.js';
import type {ScriptFlags} from '../../src/protocol/script/script-flags.js';
import {nobleOracle} from '../../src/protocol/script/noble-oracle.js';
import type {SignatureOracle} from '../../src/protocol/script/signature-check.js';
import {TransactionDigests} from '../../src/protocol/script/transaction-digests.js';
import type {SpentOutput} from '../../src/protocol/script/transaction-digests.js';
import {inputsOf} from '../../src/protocol/script/verify-inputs.js';
import type {InputToVerify} from '../../src/protocol/script/verify-inputs.js';
import {verifyInRounds} from '../support/answered-rounds.js';
import {readSharedVector} from '../support/shared-vectors.js';

const MAIN = {bip66: 363_725, bip65: 388_381, csv: 419_328, segwit: 481_824, taproot: 709_632};
const TESTNET3 = {bip66: 330_776, bip65: 581_885, csv: 770_112, segwit: 834_624, taproot: 2_032_291};

/** bcoin's test form: every spent output in input order, coinbase left out. */
function readSpentOutputs(bytes: Uint8Array): SpentOutput[] {
  const reader = new ByteReader(bytes);
  const outputs: SpentOutput[] = [];
  while (reader.remaining > 0) outputs.push({valueSats: reader.i64(), scriptPubKey: reader.varBytes()});
  return outputs;
}

function blockInputs(block: Block, spent: readonly SpentOutput[], flags: ScriptFlags): InputToVerify[] {
  let next = 0;
  const inputs = block.transactions.slice(1).flatMap((transaction) => {
    const own = spent.slice(next, next += transaction.inputs.length);
    return inputsOf(new TransactionDigests(transaction, own), flags);
  });
  assert.is(next, spent.length, 'one spent output for each input');
  return inputs;
}

function checkBlock(name: string, flags: ScriptFlags, oracle: SignatureOracle): number | undefined {
  const raw = readSharedVector(`blocks/${name}.raw`);
  const undo = readSharedVector(`blocks/${name}-undo.raw`);
  if (raw === undefined || undo === undefined) return undefined;
  const block = decodeBlock(raw);
  if (!block.ok) throw new Error(block.code);
  const outputs = readSpentOutputs(undo);
  const inputs = blockInputs(block.value, outputs, flags);
  const passed = verifyInRounds(inputs, oracle).verdicts.filter((verdict) => verdict?.ok === true).length;
  const types = new Set(outputs.map(({scriptPubKey}) => classifyScript(scriptPubKey).type));
  process.stdout.write(`\nnote: ${name}: ${inputs.length} inputs run, ${passed} passed, kinds: ${[...types].join(', ')}\n`);
  return passed;
}

const blocks = suite('vectors / script-blocks');

blocks('block 300,025 of main', () => {
  const passed = checkBlock('block300025', consensusFlags(MAIN, 300_025), nobleOracle);
  assert.ok(passed === undefined || passed === 1427);
});

blocks('block 1,087,400 of testnet3', () => {
  const passed = checkBlock('block1087400', consensusFlags(TESTNET3, 1_087_400), nobleOracle);
  assert.ok(passed === undefined || passed === 205);
});

blocks('where no signature is good no spend of block 1,087,400 passes', () => {
  const passed = checkBlock('block1087400', consensusFlags(TESTNET3, 1_087_400), {isValid: () => false});
  assert.ok(passed === undefined || passed === 0);
});

blocks.run();
