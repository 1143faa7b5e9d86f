// Proves, on a real process with real signatures, what a foreign pool needs of the JSON-RPC: transactions enter the
// template in order, a longpoll ends with the tip, a proposal is judged, a solved block is taken, a reorganisation gives
// the transactions back. And that garbage on the socket hurts nobody.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {join} from 'node:path';
import {bytesToHex, displayHexToHash, hashToDisplayHex, hexToBytes} from '../../src/protocol/bytes/hex.js';
import {concatBytes, hashToInteger} from '../../src/protocol/bytes/compare.js';
import {sha256d} from '../../src/protocol/bytes/sha256.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {addReservedWitness, buildCoinbaseHalves} from '../../src/protocol/mining/coinbase.js';
import {merkleBranch, merkleRootOfBranch} from '../../src/protocol/mining/merkle-branch.js';
import {scanNonces} from '../../src/protocol/mining/scan-nonces.js';
import {encodeHeader} from '../../src/protocol/primitives/block-codec.js';
import {decodeTransaction} from '../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../src/protocol/primitives/transaction.js';
import {PocketWallet} from '../support/pocket-wallet.js';
import {startPithead, type PitheadProcess} from '../support/pithead-process.js';

interface TemplateJson {
  readonly height: number;
  readonly version: number;
  readonly previousblockhash: string;
  readonly transactions: readonly {readonly data: string; readonly txid: string; readonly depends: readonly number[]; readonly fee: number; readonly sigops: number; readonly weight: number}[];
  readonly coinbasevalue: number;
  readonly longpollid: string;
  readonly target: string;
  readonly mintime: number;
  readonly curtime: number;
  readonly bits: string;
  readonly default_witness_commitment: string;
}

const wallet = new PocketWallet('rpc-mining', REGTEST.address);
const SEGWIT = {rules: ['segwit']};
let node: PitheadProcess;
let parent: Transaction;
let child: Transaction;

const mining = suite('functional / rpc_mining');
mining.before(async () => {
  node = await startPithead();
});
mining.after(() => node.dispose());

const template = (): Promise<TemplateJson> => node.rpc<TemplateJson>('getblocktemplate', SEGWIT);

/** As a foreign pool would: from the JSON alone. */
function blockOf(from: TemplateJson, options: {readonly extraSats?: bigint; readonly solve: boolean}): string {
  const halves = buildCoinbaseHalves({
    height: from.height, jobBytes: Uint8Array.of(1), extranonceSize: 4, tag: new Uint8Array(),
    outputs: [{valueSats: BigInt(from.coinbasevalue) + (options.extraSats ?? 0n), scriptPubKey: wallet.scriptOf('p2wpkh')}],
    witnessCommitment: hexToBytes(from.default_witness_commitment)!,
  });
  const coinbase = concatBytes(halves.coinbase1, new Uint8Array(4), halves.coinbase2);
  const root = merkleRootOfBranch(sha256d(coinbase), merkleBranch(from.transactions.map(({txid}) => displayHexToHash(txid)!)));
  let header = encodeHeader({
    version: from.version, previousHash: displayHexToHash(from.previousblockhash)!, merkleRoot: root,
    timeSec: from.curtime, bits: Number.parseInt(from.bits, 16), nonce: 0,
  });
  const target = BigInt(`0x${from.target}`);
  if (options.solve) header = scanNonces({header, target, firstNonce: 0, countMax: 1_000_000}).found!.header;
  // Every second nonce is a solution on regtest: count up to one that is none.
  else while (hashToInteger(sha256d(header)) <= target) header[76]! += 1;
  return bytesToHex(header) + (1 + from.transactions.length).toString(16).padStart(2, '0') + bytesToHex(addReservedWitness(coinbase)) + from.transactions.map(({data}) => data).join('');
}

mining('transactions enter the mempool and the template, parents first', async () => {
  const hashes = await node.rpc<string[]>('generatetoaddress', 101, wallet.address);
  const first = await node.rpc<{tx: {hex: string}[]}>('getblock', hashes[0], 2);
  const decoded = decodeTransaction(hexToBytes(first.tx[0]!.hex)!);
  assert.ok(decoded.ok);
  if (!decoded.ok) return;
  const half = 2_499_990_000n;
  parent = wallet.pay([wallet.coinOf(decoded.value, 0, 'p2wpkh')], [{valueSats: half, scriptPubKey: wallet.scriptOf('p2tr')}, {valueSats: half, scriptPubKey: wallet.scriptOf('p2pkh')}]);
  child = wallet.pay([wallet.coinOf(parent, 0, 'p2tr'), wallet.coinOf(parent, 1, 'p2pkh')], [{valueSats: 2n * half - 50_000n, scriptPubKey: wallet.scriptOf('p2wpkh')}]);
  assert.is(await node.rpc('sendrawtransaction', bytesToHex(parent.bytes)), hashToDisplayHex(parent.txid));
  const [tested] = await node.rpc<{allowed: boolean; fees: {base: number}}[]>('testmempoolaccept', [bytesToHex(child.bytes)]);
  assert.equal([tested?.allowed, tested?.fees.base], [true, 0.0005]);
  assert.is(await node.rpc('sendrawtransaction', bytesToHex(child.bytes)), hashToDisplayHex(child.txid));
  const entry = await node.rpc<{ancestorcount: number; depends: string[]}>('getmempoolentry', hashToDisplayHex(child.txid));
  assert.equal([entry.ancestorcount, entry.depends], [2, [hashToDisplayHex(parent.txid)]]);

  // A template for the mempool's sake comes after some seconds, because each one is new work for every miner.
  let fresh = await template();
  for (let waits = 0; fresh.transactions.length < 2 && waits < 3; waits++) fresh = await node.rpc<TemplateJson>('getblocktemplate', {...SEGWIT, longpollid: fresh.longpollid});
  assert.equal(fresh.transactions.map(({txid}) => txid), [hashToDisplayHex(parent.txid), hashToDisplayHex(child.txid)]);
  assert.equal(fresh.transactions.map(({depends}) => depends), [[], [1]]);
  assert.equal(fresh.transactions.map(({fee}) => fee), [20_000, 50_000]);
  assert.is(fresh.coinbasevalue, 5_000_070_000);
});

mining('a conflict and a broken signature are refused by name', async () => {
  const [, rival] = [parent, wallet.pay([wallet.coinOf(parent, 0, 'p2tr')], [{valueSats: 1_000_000n, scriptPubKey: wallet.scriptOf('p2wpkh')}])];
  await refused(bytesToHex(rival.bytes), /-26.*txn-mempool-conflict/);
  const broken = parent.bytes.slice();
  broken[broken.length - 40]! ^= 1;
  await refused(bytesToHex(broken), /^sendrawtransaction: /);
});

async function refused(hex: string, pattern: RegExp): Promise<void> {
  try {
    await node.rpc('sendrawtransaction', hex, 0);
  } catch (error) {
    const {rpcCode, message} = error as {rpcCode: number; message: string};
    assert.match(pattern.source.startsWith('-') ? `${rpcCode} ${message}` : message, pattern);
    return;
  }
  throw new Error('it was admitted');
}

mining('a proposal is judged on everything but its work', async () => {
  const fresh = await template();
  assert.is(await node.rpc('getblocktemplate', {mode: 'proposal', data: blockOf(fresh, {solve: false})}), null);
  assert.is(await node.rpc('getblocktemplate', {mode: 'proposal', data: blockOf(fresh, {solve: false, extraSats: 1n})}), 'bad-cb-amount');
  assert.is(await node.rpc('submitblock', blockOf(fresh, {solve: false})), 'high-hash');
});

mining('a block solved from the template alone is taken, and ends a longpoll', async () => {
  const fresh = await template();
  const waiting = node.rpc<TemplateJson>('getblocktemplate', {...SEGWIT, longpollid: fresh.longpollid});
  assert.is(await node.rpc('submitblock', blockOf(fresh, {solve: true})), null);
  assert.is((await waiting).height, fresh.height + 1);
  assert.is(await node.rpc('submitblock', blockOf(fresh, {solve: true})), 'duplicate');
  assert.equal(await node.rpc('getrawmempool'), []);
  const block = await node.rpc<{tx: {fee?: number; vin: {prevout?: {value: number}}[]}[]}>('getblock', await node.rpc('getbestblockhash'), 3);
  assert.equal(block.tx.map(({fee}) => fee), [undefined, 0.0002, 0.0005]);
  assert.is(block.tx[1]?.vin[0]?.prevout?.value, 50);
  assert.is(await node.rpc('gettxout', hashToDisplayHex(parent.txid), 0), null);
});

mining('a reorganisation gives the transactions back', async () => {
  const tip = await node.rpc('getbestblockhash');
  await node.rpc('invalidateblock', tip);
  await until(async () => (await node.rpc<string[]>('getrawmempool')).length === 2);
  await node.rpc('reconsiderblock', tip);
  await until(async () => (await node.rpc<string[]>('getrawmempool')).length === 0);
  assert.is(await node.rpc('getbestblockhash'), tip);
  const totals = await node.rpc<{total_amount: number; height: number}>('gettxoutsetinfo');
  assert.is(totals.total_amount, totals.height * 50);
});

/** The mempool follows the chain by messages: a moment later. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const startedMs = Date.now();
  while (!await holds()) {
    if (Date.now() - startedMs > 10_000) throw new Error('it did not come about within 10 s');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

mining('a request with bare line feeds, as ckpool writes it, is answered', async () => {
  const {hostname, port} = new URL(node.endpoints.rpc!);
  const cookie = Buffer.from(readFileSync(join(node.dataDir, '.cookie'), 'utf8').trim()).toString('base64');
  const socket = connect({host: hostname, port: Number(port)});
  const body = '{"method": "getblockcount"}';
  socket.write(`POST / HTTP/1.1\nAuthorization: Basic ${cookie}\nHost: ${hostname}:${port}\nContent-type: application/json\nContent-Length: ${body.length}\n\n${body}\n`);
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString()));
    socket.once('error', reject);
  });
  socket.destroy();
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.match(answer, /"result":\d+,"error":null/);
});

mining('garbage on the socket is answered or closed, and nothing else suffers', async () => {
  const {port} = new URL(node.endpoints.rpc!);
  const garbage = ['\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n',
    'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', '{"id":1,"method":"mining.subscribe"}\n', 'A'.repeat(100_000), 'POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\n{'];
  await Promise.all(garbage.map((text) => new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.end(text);
    });
    socket.on('data', () => undefined);
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  })));
  assert.type(await node.rpc('getblockcount'), 'number');
  assert.not.match(node.output(), /"level":50/);
});

mining.run();
