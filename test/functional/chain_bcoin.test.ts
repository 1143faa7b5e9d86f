// Proves that Pithead and an independent node (bcoin, which shares no code with it) agree about Bitcoin: each takes the
// other's blocks in the same order with the same tip, real transactions of every standard kind included; a reorganisation
// of depth six comes out the same on both, in both directions; and the coin sets have the same size and value.
// Everything goes through the real process: blocks are mined over Stratum, transactions sent by JSON-RPC.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {bytesToHex, hashToDisplayHex, hexToBytes} from '../../src/protocol/bytes/hex.js';
import {decodeBlock} from '../../src/protocol/primitives/block-codec.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import {BCOIN_SEGWIT_HEIGHT, startBcoin, type BcoinNode} from '../support/bcoin-node.js';
import {PocketWallet, type OutputKind, type WalletCoin} from '../support/pocket-wallet.js';
import {startPithead, type PitheadProcess} from '../support/pithead-process.js';
import {StratumClient, targetOfBits} from '../support/stratum-client.js';

const KINDS: readonly OutputKind[] = ['p2pkh', 'p2shP2wpkh', 'p2wpkh', 'p2tr', 'p2wshMultisig', 'p2shMultisig'];
const MATURITY = REGTEST.coinbaseMaturityBlocks;
const BCOIN_BLOCKS = BCOIN_SEGWIT_HEIGHT + 8;
const REORG_DEPTH = 6;

const interop = suite('functional / chain / bcoin');

const wallet = new PocketWallet('interop', REGTEST.address);
let bcoin: BcoinNode;
let pithead: PitheadProcess;
let miner: StratumClient;

interface TxOutSetInfo {
  readonly height: number;
  readonly bestblock: string;
  readonly txouts: number;
  readonly total_amount: number;
}

async function blockHex(height: number): Promise<string> {
  return await pithead.rpc<string>('getblock', await pithead.rpc('getblockhash', height), 0);
}

async function coinbaseAt(height: number): Promise<Transaction> {
  const block = decodeBlock(hexToBytes(await blockHex(height))!);
  if (!block.ok) throw new Error(block.code);
  return block.value.transactions[0]!;
}

/** Mines one block over Stratum; on regtest about every second hash is one. */
async function mineOverStratum(): Promise<void> {
  const job = miner.job!;
  const height = await pithead.rpc<number>('getblockcount');
  const reply = await miner.submit(`${wallet.address}.interop`, miner.mine({atMost: targetOfBits(Number.parseInt(job.bits, 16))}));
  assert.is(reply.error, null);
  assert.is(reply.result, true);
  assert.is(await pithead.rpc('getblockcount'), height + 1);
  await miner.until(() => miner.job!.previousHashText !== job.previousHashText, 'a job on the new tip');
}

async function giveToBcoin(fromHeight: number): Promise<void> {
  const tip = await pithead.rpc<number>('getblockcount');
  for (let height = fromHeight; height <= tip; height++) assert.ok(await bcoin.addBlock(await blockHex(height)), `bcoin refuses block ${height}`);
}

async function assertSameState(): Promise<void> {
  const info = await pithead.rpc<TxOutSetInfo>('gettxoutsetinfo');
  assert.is(info.height, bcoin.height());
  assert.is(info.bestblock, bcoin.tipHash());
  const totals = bcoin.coinTotals();
  assert.is(info.txouts, totals.coinCount);
  assert.is(Math.round(info.total_amount * 1e8), totals.totalSats);
}

async function send(transaction: Transaction): Promise<void> {
  assert.is(await pithead.rpc('sendrawtransaction', bytesToHex(transaction.bytes)), hashToDisplayHex(transaction.txid));
}

interop.before(async () => {
  bcoin = await startBcoin();
  pithead = await startPithead({flags: ['--role', 'full', '--role', 'solo-pool',
    '--set', 'pool.minDifficulty=0.0000000001', '--set', 'pool.startDifficulty=0.0000000001']});
});

interop.after(async () => {
  miner?.end();
  await pithead?.dispose();
  await bcoin?.close();
});

interop('the genesis block is the same', async () => {
  assert.is(await pithead.rpc('getbestblockhash'), bcoin.tipHash());
});

interop('blocks mined by bcoin connect on ours, in order, to the same tip and coins', async () => {
  const blocks = await bcoin.mine(BCOIN_BLOCKS);
  for (const [index, hex] of blocks.entries()) assert.is(await pithead.rpc('submitblock', hex), null, `block ${index + 1}`);
  await assertSameState();
});

interop('blocks mined over Stratum on our node connect on bcoin', async () => {
  const port = Number(pithead.endpoints.stratum!.split(':').at(-1));
  miner = await (await StratumClient.connect(port)).start(`${wallet.address}.interop`);
  for (let count = 0; count < MATURITY + 5; count++) await mineOverStratum();
  await giveToBcoin(BCOIN_BLOCKS + 1);
  await assertSameState();
});

interop('real transactions of every standard kind, and chains of them, are mined by us and taken by bcoin', async () => {
  const from = bcoin.height() + 1;
  const coinbase = wallet.coinOf(await coinbaseAt(BCOIN_BLOCKS + 1), 0, 'p2wpkh');
  // One coinbase fans out into two coins of each kind; the first of each is spent, and that spend spent again, unconfirmed.
  const value = (coinbase.output.valueSats - 20_000n) / BigInt(2 * KINDS.length);
  const fan = wallet.pay([coinbase], [...KINDS, ...KINDS].map((kind) => ({valueSats: value, scriptPubKey: wallet.scriptOf(kind)})));
  await send(fan);
  for (const [index, kind] of KINDS.entries()) {
    const spend = wallet.pay([wallet.coinOf(fan, index, kind)], [{valueSats: value - 1_000n, scriptPubKey: wallet.scriptOf('p2wpkh')}]);
    await send(spend);
    await send(wallet.pay([wallet.coinOf(spend, 0, 'p2wpkh')], [{valueSats: value - 2_000n, scriptPubKey: wallet.scriptOf(kind)}]));
  }
  const all = KINDS.map((kind, index): WalletCoin => wallet.coinOf(fan, KINDS.length + index, kind));
  await send(wallet.pay(all, [{valueSats: value * BigInt(KINDS.length) - 3_000n, scriptPubKey: wallet.scriptOf('p2tr')}]));
  assert.is((await pithead.rpc<string[]>('getrawmempool')).length, 2 * KINDS.length + 2);

  // A branch of four steps stands for fifteen transactions: the job has all of them.
  await miner.until(() => miner.job!.branch.length === 4, 'a job with the transactions');
  await mineOverStratum();
  assert.equal(await pithead.rpc('getrawmempool'), []);
  const mined = await pithead.rpc<{tx: string[]}>('getblock', await pithead.rpc('getbestblockhash'), 1);
  assert.is(mined.tx.length, 2 * KINDS.length + 3);
  await giveToBcoin(from);
  await assertSameState();
});

interop(`bcoin's longer branch reorganises us by ${REORG_DEPTH}, and our transaction returns to the mempool`, async () => {
  const fork = bcoin.height();
  const coin = wallet.coinOf(await coinbaseAt(BCOIN_BLOCKS + 2), 0, 'p2wpkh');
  const payment = wallet.pay([coin], [{valueSats: coin.output.valueSats - 1_000n, scriptPubKey: wallet.scriptOf('p2tr')}]);
  await send(payment);
  await miner.until(() => miner.job!.branch.length > 0, 'a job with the payment');
  for (let count = 0; count < REORG_DEPTH; count++) await mineOverStratum();
  const abandoned = await pithead.rpc('getbestblockhash');
  const ours: string[] = [];
  for (let height = fork + 1; height <= fork + REORG_DEPTH; height++) ours.push(await blockHex(height));

  const answers: unknown[] = [];
  for (const hex of await bcoin.mine(REORG_DEPTH + 1)) answers.push(await pithead.rpc('submitblock', hex));
  assert.equal(answers, [...Array.from({length: REORG_DEPTH}, () => 'inconclusive'), null]);
  await assertSameState();
  assert.is((await pithead.rpc<{confirmations: number}>('getblockheader', abandoned)).confirmations, -1);
  assert.equal(await pithead.rpc('getrawmempool'), [hashToDisplayHex(payment.txid)]);

  for (const hex of ours) await bcoin.addBlock(hex);
  await assertSameState();
});

interop(`our longer branch reorganises bcoin by ${REORG_DEPTH}`, async () => {
  const fork = bcoin.height();
  const theirs = await bcoin.mine(REORG_DEPTH);
  for (let count = 0; count < REORG_DEPTH + 1; count++) await mineOverStratum();
  await giveToBcoinTheBranch(fork + 1);
  await assertSameState();
  for (const hex of theirs) assert.is(await pithead.rpc('submitblock', hex), 'inconclusive');
  await assertSameState();
  assert.equal(await pithead.rpc('getrawmempool'), []);
});

interop('a stop is clean', async () => {
  miner.end();
  assert.is(await pithead.stop(), 0);
});

/** Blocks below bcoin's height are a side branch to it until they outgrow its own. */
async function giveToBcoinTheBranch(fromHeight: number): Promise<void> {
  const tip = await pithead.rpc<number>('getblockcount');
  for (let height = fromHeight; height <= tip; height++) await bcoin.addBlock(await blockHex(height));
}

interop.run();
