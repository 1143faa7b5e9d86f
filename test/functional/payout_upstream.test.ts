// Proves that a pool without a chain of its own pays its miners over a node elsewhere, by nothing but JSON-RPC: it finds its
// coins in that node's blocks, its payout confirms on that node's chain, and survives a restart of the pool in between.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {join} from 'node:path';
import {eventually, minerAccount, PayoutPool} from '../support/payout-pool.js';
import type {PayoutNode} from '../support/payout-pool.js';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {hexToBytes} from '../../src/protocol/bytes/hex.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {createNodeRpc} from '../../src/net/node-rpc.js';
import {BCOIN_SEGWIT_HEIGHT, startBcoin} from '../support/bcoin-node.js';
import {startPithead} from '../support/pithead-process.js';

const [ANN, BEN] = [minerAccount(0), minerAccount(1)];

const upstream = suite('functional / payout_upstream');

/** The whole way, on any node. */
async function paysOver(node: PayoutNode): Promise<void> {
  const pool = new PayoutPool(['--set', 'consolidation.enabled=false'], node);
  try {
    await pool.start();
    await pool.findBlock(ANN);
    await pool.findBlock(BEN);
    await pool.generate(100);
    await eventually(async () => (await pool.liveStates()).some(({state}) => state === 'broadcast'), 'the payout');
    await pool.process!.kill();
    await pool.start();
    await pool.generateUntil(async () => {
      const states = await pool.liveStates();
      const paid = states.filter(({state}) => state === 'confirmed').flatMap(({payees}) => payees.map(({account}) => account));
      return states.every(({state}) => state === 'confirmed') && paid.includes(ANN) && paid.includes(BEN);
    }, 'the confirmations');
    const received = await pool.received([ANN, BEN]);
    await pool.stop();
    const rows = await pool.payouts();
    const debited = rows.reduce((sum, {paidSats, feeSats}) => sum + BigInt(paidSats) - BigInt(feeSats), 0n);
    assert.is(received.get(ANN)! + received.get(BEN)!, debited);
    const books = await pool.audit();
    assert.ok(books.ok, JSON.stringify(books));
    assert.is(books.ledger['payingSats'], '0');
    const wallet = await pool.walletTotals();
    assert.is(books.ledger['walletAvailableSats'], String(wallet['spendableSats']));
  } finally {
    await pool.dispose();
  }
}

upstream('over another Pithead', async () => {
  const other = await startPithead({flags: ['--role', 'full']});
  try {
    await paysOver({
      settings: {rpcUrl: other.endpoints.rpc!, rpcCookieFile: join(other.dataDir, '.cookie')},
      rpc: (method, ...params) => other.rpc(method, ...params),
      generate: async (count, address) => {
        await other.rpc('generatetoaddress', count, address);
      },
    });
  } finally {
    await other.dispose();
  }
});

upstream('over bcoin, an independent node', async () => {
  const bcoin = await startBcoin({rpcPassword: 'secret'});
  try {
    // Witness rules bind from here on; before, bcoin relays no payout of ours.
    await bcoin.mine(BCOIN_SEGWIT_HEIGHT + 8);
    const url = `http://127.0.0.1:${bcoin.rpcPort}`;
    const rpc = createNodeRpc({url, user: 'any', password: 'secret'});
    await paysOver({
      settings: {rpcUrl: url, rpcUser: 'any', rpcPassword: 'secret'},
      rpc: async <T>(method: string, ...params: readonly unknown[]): Promise<T> => {
        // bcoin tells a block's transactions by `details`, not by a number.
        const asked = method === 'getblock' ? [params[0], true, params[1] === 2] : params;
        const answer = await rpc.call(method, asked, {timeoutMs: 30_000}) as T;
        return method === 'getblock' ? asCoreTells(answer) as T : answer;
      },
      generate: async (count) => {
        await bcoin.mine(count);
      },
    });
    rpc.close();
  } finally {
    await bcoin.close();
  }
});

/** The parts of a block that the test reads, with Core's names; bcoin writes segwit addresses of regtest with a prefix of its own. */
function asCoreTells(block: unknown): unknown {
  const {tx} = block as {tx: readonly (string | {readonly vout: readonly {readonly scriptPubKey: {readonly hex: string}}[]})[]};
  return {
    nTx: tx.length,
    tx: tx.map((each) => (typeof each === 'string' ? each : {...each, vout: each.vout.map((output) => ({...output, scriptPubKey: {address: encodeAddress(hexToBytes(output.scriptPubKey.hex)!, REGTEST.address)}}))})),
  };
}

upstream.run();
