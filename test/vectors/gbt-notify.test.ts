// Proves the way from a node's getblocktemplate to a mining.notify against recorded pairs of both: branch, swapped
// previous hash, height push, commitment. Every recorded answer of the node decodes; broken ones are refused by name.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {concatBytes} from '../../src/protocol/bytes/compare.js';
import {bytesToHex, hexToBytes} from '../../src/protocol/bytes/hex.js';
import {encodeScriptNumberPush} from '../../src/protocol/consensus/script-number.js';
import {buildCoinbaseHalves} from '../../src/protocol/mining/coinbase.js';
import {decodeTemplate} from '../../src/protocol/mining/decode-template.js';
import {merkleBranch} from '../../src/protocol/mining/merkle-branch.js';
import {decodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import {notifyLine} from '../../src/protocol/stratum/response.js';
import {readSharedText} from '../support/shared-vectors.js';

interface Recorded {
  readonly template: {readonly [name: string]: unknown; readonly transactions: readonly {readonly [name: string]: unknown}[]; readonly coinbasevalue: number; readonly default_witness_commitment: string};
  readonly notify: {readonly params: readonly [string, string, string, string, readonly string[], string, string, string, boolean]};
}

const gbt = suite('vectors / gbt-notify');
const bytes = (hex: string): Uint8Array => hexToBytes(hex)!;
const EXTRANONCES = new Uint8Array(12);

for (const name of ['one-txn', 'two-txns']) {
  const text = readSharedText(`gbt-notify/${name}.json`);
  if (text === undefined) continue;
  const {template: json, notify: {params}} = JSON.parse(text) as Recorded;
  const decode = (change: object = {}) => decodeTemplate({...json, ...change});

  gbt(`${name}: decodes, and our notify has the recorded fields`, () => {
    const decoded = decode();
    assert.ok(decoded.ok);
    const template = decoded.value;
    const branch = merkleBranch(template.transactions.map(({txid}) => txid));
    const halves = buildCoinbaseHalves({
      height: template.height, jobBytes: new Uint8Array(8), extranonceSize: EXTRANONCES.length, tag: new Uint8Array(0),
      outputs: [{valueSats: template.coinbaseValueSats, scriptPubKey: Uint8Array.of(0x51)}], witnessCommitment: template.witnessCommitment,
    });
    const line = JSON.parse(notifyLine({jobId: 'a', jobKey: 1, template, ...halves, branch, createdAtMs: 0, cleanJobs: true}, true)) as Recorded['notify'];
    for (const field of [1, 4, 5, 6, 8] as const) assert.equal(line.params[field], params[field], `field ${field}`);
  });

  gbt(`${name}: their coinbase and ours agree in height, value and commitment`, () => {
    const decoded = decode();
    assert.ok(decoded.ok);
    const {value: template} = decoded;
    const halves = buildCoinbaseHalves({
      height: template.height, jobBytes: new Uint8Array(8), extranonceSize: EXTRANONCES.length, tag: new Uint8Array(0),
      outputs: [{valueSats: template.coinbaseValueSats, scriptPubKey: Uint8Array.of(0x51)}], witnessCommitment: template.witnessCommitment,
    });
    const theirs = decodeTransaction(concatBytes(bytes(params[2]), EXTRANONCES, bytes(params[3])));
    const ours = decodeTransaction(concatBytes(halves.coinbase1, EXTRANONCES, halves.coinbase2));
    assert.ok(theirs.ok && ours.ok);
    const push = encodeScriptNumberPush(template.height);
    for (const {inputs, outputs} of [theirs.value, ours.value]) {
      assert.equal(inputs[0]!.scriptSig.slice(0, push.length), push);
      assert.is(outputs.reduce((sum, {valueSats}) => sum + valueSats, 0n), BigInt(json.coinbasevalue));
      assert.is(bytesToHex(outputs.at(-1)!.scriptPubKey), json.default_witness_commitment);
    }
  });

  gbt(`${name}: broken answers are refused by name`, () => {
    const code = (change: object): string => {
      const decoded = decode(change);
      return decoded.ok ? 'ok' : decoded.code;
    };
    const [first, ...rest] = json.transactions;
    assert.is(code({rules: ['!signet']}), 'template-unknown-rule');
    assert.is(code({mutable: ['transactions', 'prevblock']}), 'template-not-mutable');
    assert.is(code({mutable: ['time/increment']}), 'ok');
    assert.is(code({mutable: undefined}), 'ok');
    assert.is(code({rules: ['signet']}), 'ok');
    assert.is(code({coinbasevalue: undefined}), 'template-malformed');
    assert.is(code({coinbasevalue: -1}), 'template-malformed');
    assert.is(code({previousblockhash: 'zz'}), 'template-malformed');
    assert.is(code({height: 1.5}), 'template-malformed');
    assert.is(code({bits: '00000000'}), 'template-bad-target');
    assert.is(code({bits: '1d00ffff'}), 'template-bad-target');
    assert.is(code({transactions: 7}), 'template-malformed');
    assert.is(code({transactions: [{...first, data: `${String(first!['data'])}00`}, ...rest]}), 'template-bad-transaction');
    assert.is(code({transactions: [{...first, txid: '00'.repeat(32)}, ...rest]}), 'template-bad-transaction');
    assert.is(code({transactions: [{...first, hash: first!['txid']}, ...rest]}), 'template-bad-transaction');
    assert.is(code({transactions: []}), 'template-bad-commitment');
    assert.is(code({default_witness_commitment: undefined}), 'template-bad-commitment');
    assert.is(code({default_witness_commitment: `${json.default_witness_commitment}00`}), 'ok');
    for (const value of [null, 1, 'x', []]) assert.is(decodeTemplate(value).ok, false);
  });
}

gbt('an empty object is refused', () => {
  assert.is(decodeTemplate({}).ok, false);
});

gbt.run();
