// Proves that whole transactions pass their scripts, on Bitcoin Core's tx_valid.json: with every flag but the excluded
// ones, with any further flag taken away, and NOT when an excluded flag comes back. An own transaction needs no file.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {outpointMapKey} from '../../src/protocol/bytes/hash-key.js';
import {displayHexToHash} from '../../src/protocol/bytes/hex.js';
import {decodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import {SCRIPT_FLAG} from '../../src/protocol/script/script-flags.js';
import type {ScriptFlags} from '../../src/protocol/script/script-flags.js';
import {TransactionDigests} from '../../src/protocol/script/transaction-digests.js';
import type {SpentOutput} from '../../src/protocol/script/transaction-digests.js';
import {checkAllNow, inputsOf} from '../../src/protocol/script/verify-inputs.js';
import {verifyInRounds} from '../support/answered-rounds.js';
import {rememberingOracle} from '../support/remembering-oracle.js';
import {assembleScript, flagsByName, hex} from '../support/script-assembler.js';
import {readSharedText} from '../support/shared-vectors.js';

type Prevout = readonly [string, number, string, number?];
type Row = readonly [readonly Prevout[], string, string];

// The first input leaves two items on the stack, the second one.
const OWN_ROW: Row = [
  [['11'.repeat(32), 0, '1'], ['11'.repeat(32), 1, '0x02 0x0151', 5]],
  `0100000002${'11'.repeat(32)}00000000015100000000${'11'.repeat(32)}01000000000000000001000000000000000000${'00000000'}`,
  'CLEANSTACK',
];

const ALL_BITS = Object.values(SCRIPT_FLAG);
const ALL_FLAGS: ScriptFlags = ALL_BITS.reduce<number>((flags, bit) => flags | bit, 0);
const oracle = rememberingOracle();

/** Flags make sense only with those that they build on. */
function trimmed(flags: ScriptFlags): ScriptFlags {
  let kept = flags;
  if ((kept & SCRIPT_FLAG.P2SH) === 0) kept &= ~SCRIPT_FLAG.WITNESS;
  if ((kept & SCRIPT_FLAG.WITNESS) === 0) kept &= ~SCRIPT_FLAG.CLEANSTACK;
  return kept;
}

function digestsOf([prevouts, raw]: Row): TransactionDigests {
  const decoded = decodeTransaction(hex(raw));
  if (!decoded.ok) throw new Error(`${decoded.code}: ${raw}`);
  const outputs = new Map<string, SpentOutput>();
  for (const [hash, index, script, value] of prevouts) {
    const outpoint = {txid: displayHexToHash(hash)!, vout: index >>> 0};
    outputs.set(outpointMapKey(outpoint), {scriptPubKey: assembleScript(script), valueSats: BigInt(value ?? 0)});
  }
  const {inputs} = decoded.value;
  return new TransactionDigests(decoded.value, inputs.map(({prevout}) => outputs.get(outpointMapKey(prevout))!));
}

function firstError(digests: TransactionDigests, flags: ScriptFlags): string | undefined {
  const verdict = checkAllNow(inputsOf(digests, flags), oracle).find(({ok}) => !ok);
  return verdict?.ok === false ? verdict.code : undefined;
}

function problems(row: Row): string[] {
  const digests = digestsOf(row);
  const excluded = flagsByName(row[2]);
  const allowed = trimmed(ALL_FLAGS & ~excluded);
  const found: string[] = [];
  const must = (flags: ScriptFlags, what: string): void => {
    const error = firstError(digests, flags);
    if (error !== undefined) found.push(`${error} with ${what}`);
  };
  must(allowed, 'all flags but the excluded');
  must(0, 'no flags');
  for (const bit of ALL_BITS) {
    must(trimmed(allowed & ~bit), `flag ${bit} taken away`);
    if ((excluded & bit) === 0) must(trimmed(bit), `flag ${bit} alone`);
    else if (firstError(digests, ALL_FLAGS & ~(excluded & ~bit)) === undefined) found.push(`passes with excluded flag ${bit}`);
  }
  const inRounds = verifyInRounds(inputsOf(digests, allowed), oracle);
  if (inRounds.verdicts.some((verdict) => verdict?.ok !== true)) found.push('fails in rounds');
  return found.map((problem) => `${problem}: ${row[1]}`);
}

const txValid = suite('vectors / tx-valid');

txValid('an own transaction passes without CLEANSTACK, and only so', () => {
  assert.equal(problems(OWN_ROW), []);
});

txValid('tx_valid.json: every transaction passes under its flags and under fewer', () => {
  const text = readSharedText('bitcoin-core/tx_valid.json');
  if (text === undefined) return;
  const rows = (JSON.parse(text) as Row[]).filter((row) => row.length > 1);
  const wrong = rows.map(problems);
  const passed = wrong.filter((list) => list.length === 0).length;
  process.stdout.write(`\nnote: tx_valid.json: ${rows.length} run, ${passed} passed, 0 refused as not supported\n`);
  assert.equal(wrong.flat(), []);
  assert.ok(rows.length >= 119);
});

txValid.run();
