// Proves that a pool whose coinbases pay miners themselves owes them only the rest: every satoshi of the rewards is received or
// owed once, and the audit agrees.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {eventually, minerAccount, withPool} from '../support/payout-pool.js';

const [ANN, BEN] = [minerAccount(0), minerAccount(1)];
const SUBSIDY = 5_000_000_000n;

const payout = suite('functional / payout_coinbase');

payout('a coinbase that pays miners itself is taken off what they are owed', () => withPool(['--set', 'pool.coinbasePayout=true', '--set', 'consolidation.enabled=false'], async (pool) => {
  await pool.start();
  await pool.findBlock(ANN);
  // The window is asked for every five seconds, and counts from the next job on.
  const isPaying = async (): Promise<boolean> => {
    const hash = await pool.rpc<string>('getblockhash', await pool.rpc<number>('getblockcount'));
    const {tx} = await pool.rpc<{tx: {vout: {scriptPubKey: {address?: string}}[]}[]}>('getblock', hash, 2);
    return tx[0]!.vout.some(({scriptPubKey}) => scriptPubKey.address === ANN || scriptPubKey.address === BEN);
  };
  let found = 1;
  await eventually(async () => {
    await pool.findBlock(BEN);
    found += 1;
    return isPaying();
  }, 'a coinbase that pays a miner');
  await pool.generate(100);
  await pool.generateUntil(async () => {
    const states = await pool.liveStates();
    return states.length > 0 && states.every(({state}) => state === 'confirmed');
  }, 'the confirmations');
  await pool.generate(5);
  const received = await pool.received([ANN, BEN], {withCoinbases: true});
  await pool.stop();
  const books = await pool.audit();
  assert.ok(books.ok, JSON.stringify(books));
  assert.is(books.ledger['sumSats'], '0');
  const wallet = await pool.walletTotals();
  assert.is(books.ledger['walletAvailableSats'], String(BigInt(wallet['spendableSats']!) + BigInt(wallet['lockedSats']!)));
  const fees = (await pool.payouts()).reduce((sum, {feeSats}) => sum + BigInt(feeSats), 0n);
  const rest = BigInt(books.ledger['payableSats']!) - BigInt(books.ledger['debtSats']!);
  assert.is(received.get(ANN)! + received.get(BEN)! + fees + rest, BigInt(found) * SUBSIDY, 'every satoshi of the rewards, once');
}));

payout.run();
