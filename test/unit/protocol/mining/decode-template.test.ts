// Proves what the pool relies on in a foreign node's template, with an answer written here: the rules and mutations that
// it may name, and when its witness commitment counts. The recorded answers of real nodes are in test/vectors.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {merkleRoot} from '../../../../src/protocol/consensus/merkle.js';
import {witnessCommitment, witnessCommitmentScript} from '../../../../src/protocol/consensus/witness-commitment.js';
import {decodeTemplate, TemplateDecoding} from '../../../../src/protocol/mining/decode-template.js';
import type {BlockTemplate} from '../../../../src/protocol/mining/block-template.js';
import {buildTransaction, NULL_HASH} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';

const test = suite('protocol / mining / decode-template');

const SPEND = {inputs: [{prevout: {txid: new Uint8Array(32).fill(7), vout: 0}}], outputs: [{valueSats: 1n, scriptPubKey: Uint8Array.of(0x51)}]};
const PLAIN = buildTransaction(SPEND);
const WITH_WITNESS = buildTransaction({...SPEND, inputs: [{...SPEND.inputs[0]!, witness: [Uint8Array.of(1)]}]});

function answer(transactions: readonly Transaction[], change: object = {}): object {
  return {
    version: 0x20000000, rules: ['csv', '!segwit', 'taproot'], previousblockhash: '11'.repeat(32), coinbasevalue: 5_000_000_000, longpollid: 'a',
    target: `7fffff${'00'.repeat(29)}`, mintime: 1_700_000_000, mutable: ['time', 'transactions', 'prevblock'], curtime: 1_700_000_100, bits: '207fffff', height: 7,
    transactions: transactions.map(({bytes}) => ({data: bytesToHex(bytes), fee: 5})),
    default_witness_commitment: bytesToHex(witnessCommitmentScript(witnessCommitment(merkleRoot([NULL_HASH, ...transactions.map(({wtxid}) => wtxid)]).root, NULL_HASH))),
    ...change,
  };
}

function codeOf(change: object, transactions: readonly Transaction[] = []): string {
  const decoded = decodeTemplate(answer(transactions, change));
  return decoded.ok ? 'ok' : decoded.code;
}

function commitmentSize(change: object, transactions: readonly Transaction[] = []): number | string {
  const decoded = decodeTemplate(answer(transactions, change));
  return decoded.ok ? decoded.value.witnessCommitment.length : decoded.code;
}

test('template-unknown-rule: what must be known and is not', () => {
  assert.is(codeOf({rules: ['csv', '!segwit', '!newrule']}), 'template-unknown-rule');
  assert.is(codeOf({rules: ['csv', '!segwit', 'newrule']}), 'ok');
});

test('template-not-mutable: a time that nobody may change', () => {
  assert.is(codeOf({mutable: ['transactions', 'prevblock']}), 'template-not-mutable');
  assert.is(codeOf({mutable: ['time/increment']}), 'ok');
  assert.is(codeOf({mutable: undefined}), 'ok');
});

test('template-bad-commitment: another one than that of the transactions, or none where there are witnesses', () => {
  assert.is(codeOf({}, [WITH_WITNESS]), 'ok');
  assert.is(codeOf({default_witness_commitment: undefined}, [WITH_WITNESS]), 'template-bad-commitment');
  assert.is(codeOf({default_witness_commitment: undefined}, [PLAIN]), 'ok');
  assert.is(codeOf({default_witness_commitment: (answer([PLAIN]) as {default_witness_commitment: string}).default_witness_commitment}, [WITH_WITNESS]), 'template-bad-commitment');
});

test('a commitment counts where witnesses are or where the rule binds; bcoin gives one before its vote and then refuses the coinbase', () => {
  assert.is(commitmentSize({rules: ['csv']}), 0);
  assert.is(commitmentSize({rules: []}, [PLAIN]), 0);
  assert.is(commitmentSize({rules: ['csv', '!segwit']}), 38);
  assert.is(commitmentSize({rules: ['segwit']}), 38);
  assert.is(commitmentSize({rules: undefined}), 38, 'a server that names no rules');
  assert.is(commitmentSize({rules: ['csv']}, [WITH_WITNESS]), 38);
});

test('in steps it says what it says at once, and what an earlier template had is taken over unless the node says otherwise', () => {
  const many = Array.from({length: 10}, (_, index) => buildTransaction({...SPEND, outputs: [{valueSats: BigInt(index), scriptPubKey: Uint8Array.of(0x51)}]}));
  const json = answer(many);
  const first = new TemplateDecoding(json, new Map());
  let steps = 1;
  while (!first.step(3)) steps += 1;
  assert.is(steps, 4);
  assert.equal(first.verdict, decodeTemplate(json));
  const again = new TemplateDecoding(answer(many.slice(2)), first.read);
  assert.ok(again.step(100));
  assert.ok(first.verdict.ok && again.verdict.ok);
  again.verdict.value.transactions.forEach((transaction, index) => assert.ok(transaction === (first.verdict as {value: BlockTemplate}).value.transactions[index + 2]));
  const lied = answer(many) as {transactions: {txid?: string; fee: number}[]};
  lied.transactions[4]!.txid = '00'.repeat(32);
  const caught = new TemplateDecoding(lied, first.read);
  assert.ok(caught.step(100));
  assert.equal(caught.verdict, {ok: false, code: 'template-bad-transaction', detail: 'number 4'});
  const dearer = answer(many) as {transactions: {fee: number}[]};
  dearer.transactions[4]!.fee = 6;
  const read = new TemplateDecoding(dearer, first.read);
  assert.ok(read.step(100) && read.verdict.ok && read.verdict.value.transactions[4]!.feeSats === 6n);
});

test.run();
