// Proves that a real pool pays its miners: blocks found through Stratum mature, the payout is on the chain, received to the
// satoshi, and the ledger, the wallet and the audit agree; also when a reorganisation takes it back.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {assertBooks, eventually, minerAccount, withPool} from '../support/payout-pool.js';

const [ANN, BEN] = [minerAccount(0), minerAccount(1)];
const SUBSIDY = 5_000_000_000n;

const payout = suite('functional / payout_wallet');

payout('two miners are paid on the chain, and every book agrees', () => withPool([], async (pool) => {
  await pool.start();
  await pool.findBlock(ANN);
  await pool.findBlock(BEN);
  await pool.generate(101);
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout');
  await eventually(async () => (await pool.liveStates())[0]!.state === 'broadcast', 'its state');
  await pool.generateUntil(async () => (await pool.liveStates())[0]!.confirmations === 1, 'the first confirmation');
  assert.is((await pool.liveStates())[0]!.state, 'broadcast');
  await pool.generateUntil(async () => (await pool.liveStates()).every(({state}) => state === 'confirmed'), 'the confirmation');
  const received = await pool.received([ANN, BEN]);
  await pool.stop();
  const rows = (await pool.payouts()).filter(({kind}) => kind === 'payout');
  const fees = rows.reduce((sum, {feeSats}) => sum + BigInt(feeSats), 0n);
  assert.is(received.get(ANN)! + received.get(BEN)! + fees, 2n * SUBSIDY, 'both rewards, less the network fee');
  assert.ok(received.get(ANN)! > SUBSIDY / 2n && received.get(BEN)! > 0n);
  await assertBooks(pool);
}));

payout('a reorganisation takes the payout back, and it confirms on the other branch', () => withPool([], async (pool) => {
  await pool.start();
  await pool.findBlock(ANN);
  await pool.generate(100);
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout');
  await pool.generateUntil(async () => (await pool.liveStates())[0]?.state === 'confirmed', 'the confirmation');
  const hash = await pool.process!.rpc<string>('getblockhash', await pool.process!.rpc<number>('getblockcount') - 1);
  await pool.process!.rpc('invalidateblock', hash);
  await eventually(async () => (await pool.liveStates())[0]?.state === 'broadcast', 'the way back');
  await eventually(async () => (await pool.process!.rpc<string[]>('getrawmempool')).length > 0, 'the payout again');
  await pool.generateUntil(async () => (await pool.liveStates())[0]?.state === 'confirmed', 'the second confirmation', 1);
  assert.is((await pool.received([ANN])).get(ANN)! + BigInt((await pool.payouts())[0]!.feeSats), SUBSIDY);
  await pool.stop();
  await assertBooks(pool);
}));

payout.run();
