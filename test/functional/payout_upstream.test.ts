// Proves that a pool without a chain of its own pays its miners over a node elsewhere, by nothing but JSON-RPC: it finds its
// coins in that node's blocks, its payout confirms on that node's chain, and survives a restart of the pool in between.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {join} from 'node:path';
import {eventually, minerAccount, PayoutPool} from '../support/payout-pool.js';
import type {PayoutNode} from '../support/payout-pool.js';
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
      return states.length > 0 && states.every(({state}) => state === 'confirmed') && (await pool.received([ANN, BEN])).get(BEN)! > 0n;
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

upstream.run();
