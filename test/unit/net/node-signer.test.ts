// Proves that a node's wallet signs what was planned and nothing else, and that a wallet that is locked or away is asked again.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {NodeError, type NodeRpc} from '../../../src/actors/upstream/ports.js';
import {createNodeSigner} from '../../../src/net/node-signer.js';
import {REGTEST} from '../../../src/protocol/chain/presets.js';
import {encodeTransaction} from '../../../src/protocol/primitives/transaction-codec.js';
import {accountOfEntropy, ScriptBook} from '../../../src/protocol/wallet/account-keys.js';
import {buildSpend} from '../../../src/protocol/wallet/build-spend.js';
import {signPsbt} from '../../../src/protocol/wallet/psbt.js';

const keys = accountOfEntropy(new Uint8Array(16).fill(5), REGTEST.address);
const book = new ScriptBook(keys, 3);
const coins = [1, 2].map((n) => ({outpoint: {txid: new Uint8Array(32).fill(n), vout: 0}, valueSats: 90_000n, scriptPubKey: keys.script(0, n).scriptPubKey, height: n, isCoinbase: false}));
const {parts} = buildSpend({coins, outputs: [{valueSats: 100_000n, scriptPubKey: keys.script(0, 0).scriptPubKey}], changeScript: keys.script(1, 0).scriptPubKey, feeRateSatsPerKvb: 1_000n, witnessScaleFactor: 4});
const request = {id: 1, txid: encodeTransaction(parts).txid, parts, spent: coins};

/** A node whose wallet holds the keys, or answers something else. */
function aNode(answer: (psbt: string) => unknown): NodeRpc {
  return {
    name: 'fake',
    call: async (method, [psbt]) => {
      assert.is(method, 'walletprocesspsbt');
      const result = answer(psbt as string);
      if (result instanceof Error) throw result;
      return result;
    },
    close: () => undefined,
  };
}

function signedBy(psbt: string): string {
  const signed = signPsbt(new Uint8Array(Buffer.from(psbt, 'base64')), keys, book);
  if (!signed.ok) throw new Error(signed.code);
  return Buffer.from(signed.value.psbt).toString('base64');
}

const signer = suite('net / node-signer');

signer('gives the planned transaction back, signed', async () => {
  const outcome = await createNodeSigner(aNode((psbt) => ({psbt: signedBy(psbt), complete: true})), {keys, book}).sign(request);
  assert.ok(outcome.ok);
  assert.equal(outcome.transaction.txid, request.txid);
});

signer('what is not signed, not a PSBT, or not there is told by its code', async () => {
  const codeOf = async (answer: (psbt: string) => unknown): Promise<unknown> => (await createNodeSigner(aNode(answer), {keys, book}).sign(request) as {code?: string}).code;
  assert.is(await codeOf((psbt) => ({psbt, complete: false})), 'psbt-incomplete');
  assert.is(await codeOf(() => ({psbt: 'AAAA'})), 'psbt-malformed');
  assert.is(await codeOf(() => ({})), 'node-wallet-unavailable');
  assert.is(await codeOf(() => new NodeError('node-rpc-error', 'Please enter the wallet passphrase', {rpcCode: -13})), 'node-wallet-unavailable');
});

signer.run();
