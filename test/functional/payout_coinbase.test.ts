// Proves that a pool whose coinbases pay miners themselves owes them only the rest: every satoshi of the rewards is received or
// owed once, the pool's part is what the ledger says the wallet has, and the audit agrees.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {eventually, minerAccount, withPool} from '../support/payout-pool.js';
import {runPithead} from '../support/pithead-process.js';

const [ANN, BEN] = [minerAccount(0), minerAccount(1)];
const SUBSIDY = 5_000_000_000n;

const payout = suite('functional / payout_coinbase');

payout('a coinbase that pays miners itself is taken off what they are owed', () => withPool(['--set', 'pool.coinbasePayout=true', '--set', 'payouts.enabled=false'], async (pool) => {
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
  // Some rewards mature, some do not.
  await pool.generate(100);
  const address = (await runPithead(['wallet', 'address', '--file', pool.walletFile])).stdout.trim();
  const received = await pool.received([ANN, BEN, address], {withCoinbases: true});
  await pool.stop();
  const books = await pool.audit();
  assert.ok(books.ok, JSON.stringify(books));
  const sats = (name: string): bigint => BigInt(books.ledger[name]!);
  assert.is(sats('sumSats'), 0n);
  assert.ok(received.get(ANN)! + received.get(BEN)! >= SUBSIDY, 'a coinbase paid them');
  assert.is(received.get(ANN)! + received.get(BEN)! + sats('pendingSats') + sats('payableSats') - sats('debtSats'), BigInt(found) * SUBSIDY, 'every satoshi of the rewards, once');
  assert.is(sats('walletAvailableSats') + sats('coinbaseImmatureSats'), received.get(address)!, 'the pool has what its coinbases gave it');
}));

payout.run();
