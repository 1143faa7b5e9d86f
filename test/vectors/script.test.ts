// Proves the script interpreter on Bitcoin Core's script_tests.json: every vector ends with exactly the error name that
// Core gives, checked at once and by assume-and-rerun alike. Own cases stand in where the shared file is absent.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {nobleOracle} from '../../src/protocol/script/noble-oracle.js';
import {TransactionDigests} from '../../src/protocol/script/transaction-digests.js';
import {checkAllNow} from '../../src/protocol/script/verify-inputs.js';
import type {InputToVerify} from '../../src/protocol/script/verify-inputs.js';
import {verifyInRounds} from '../support/answered-rounds.js';
import {assembleScript, flagsByName, hex, spendingTransaction} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

/** [[witness…, amount]?, scriptSig, scriptPubKey, flags, expected, comment?]. Flags and names as in script_tests.json. */
type Row = readonly (string | readonly (string | number)[])[];

const OWN_CASES: readonly Row[] = [
  ['1 2', '2 EQUALVERIFY 1 EQUAL', 'P2SH,STRICTENC', 'OK'],
  ['1 3', '2 EQUALVERIFY 1 EQUAL', 'P2SH,STRICTENC', 'EQUALVERIFY'],
  ['1', 'IF 0x02 0x0100 ELSE 1 ENDIF', '', 'OK'],
  ['0', 'IF CAT ELSE 1 ENDIF', '', 'DISABLED_OPCODE'],
  ['0', 'IF VERIF ELSE 1 ENDIF', '', 'BAD_OPCODE'],
  ['2147483648', '1ADD 1', '', 'UNKNOWN_ERROR'],
  ['', '0 0 0 CHECKMULTISIG', '', 'OK'],
  ['0x4c', '1', '', 'BAD_OPCODE'],
  [['', 0.00000001], '', '0 0x02 0x0001', 'P2SH,WITNESS', 'WITNESS_PROGRAM_WRONG_LENGTH'],
];

interface Vector {
  readonly name: string;
  readonly expected: string;
  readonly input: InputToVerify;
}

function toVector(row: Row): Vector {
  const [first, ...rest] = row;
  const hasWitness = Array.isArray(first);
  const [scriptSig, scriptPubKey, flags, expected] = (hasWitness ? rest : row) as readonly [string, string, string, string];
  const witnessAndAmount = hasWitness ? (first as readonly (string | number)[]) : [0];
  const valueSats = BigInt(Math.round((witnessAndAmount.at(-1) as number) * 1e8));
  const witness = witnessAndAmount.slice(0, -1).map((item) => hex(item as string));
  const output = {scriptPubKey: assembleScript(scriptPubKey), valueSats};
  const transaction = spendingTransaction({scriptSig: assembleScript(scriptSig), witness, ...output});
  const digests = new TransactionDigests(transaction, [output]);
  return {name: JSON.stringify(row), expected, input: {digests, inputIndex: 0, flags: flagsByName(flags)}};
}

function nameOf(verdict: {readonly ok: boolean; readonly code?: string} | undefined): string {
  if (verdict === undefined) return 'UNSETTLED';
  return verdict.ok ? 'OK' : verdict.code ?? 'NO CODE';
}

/** All vectors as the inputs of one run: the way a block is checked. */
function disagreements(vectors: readonly Vector[]): string[] {
  const inputs = vectors.map(({input}) => input);
  const atOnce = checkAllNow(inputs, nobleOracle).map(nameOf);
  const inRounds = verifyInRounds(inputs, nobleOracle).verdicts.map(nameOf);
  return vectors.flatMap(({name, expected}, index) => {
    const seen = `${atOnce[index]} at once, ${inRounds[index]} in rounds`;
    return atOnce[index] === expected && inRounds[index] === expected ? [] : [`${name}: ${seen}`];
  });
}

const script = suite('vectors / script');

script('own cases end with the expected error', () => {
  assert.equal(disagreements(OWN_CASES.map(toVector)), []);
});

script('script_tests.json: every vector ends with the name that Core gives', () => {
  const text = readSharedText('bitcoin-core/script_tests.json');
  if (text === undefined) return;
  const vectors = (JSON.parse(text) as Row[]).filter((row) => row.length > 1).map(toVector);
  const wrong = disagreements(vectors);
  process.stdout.write(`\nnote: script_tests.json: ${vectors.length} run, ${vectors.length - wrong.length} passed, 0 refused as not supported\n`);
  assert.equal(wrong, []);
  assert.ok(vectors.length >= 1207);
});

script.run();
