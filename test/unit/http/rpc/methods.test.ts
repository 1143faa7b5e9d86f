// Proves the answers of the JSON-RPC methods on a real chain: field names, exact amounts, numeric error codes, BIP 22.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesToHex, hashToDisplayHex} from '../../../../src/protocol/bytes/hex.js';
import {encodeBlock, buildHeader} from '../../../../src/protocol/primitives/block-codec.js';
import {buildTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import {decodeAddress} from '../../../../src/protocol/address/address.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {satsOfCoins, coinsText, renderJson, amountJson} from '../../../../src/http/rpc/json-text.js';
import {RPC_METHODS} from '../../../../src/http/rpc/method-table.js';
import {aMempoolEntry, startRpcNode} from '../../../support/rpc-node.js';
import {MINER_KEY, MinedChain, aSpend, coinOf} from '../../../support/mined-chain.js';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const node = startRpcNode();
const mined = new MinedChain();
const methods = suite('http / rpc / methods');
methods.after(() => node.close());

type Json = Record<string, unknown>;
const get = async (method: string, ...params: unknown[]): Promise<Json> => await node.call(method, ...params) as Json;

methods('amounts are exact both ways', () => {
  assert.is(coinsText(5_000_000_000n), '50.00000000');
  assert.is(coinsText(-1n), '-0.00000001');
  assert.is(renderJson({a: amountJson(2_100_000_000_000_001n), b: 18_446_744_073_709_551_615n, c: undefined}), '{"a":21000000.00000001,"b":18446744073709551615}');
  assert.is(satsOfCoins('0.00000001'), 1n);
  assert.is(satsOfCoins('1e-8'), 1n);
  assert.is(satsOfCoins('1e-9'), undefined);
  assert.is(satsOfCoins('20999999.99999999'), 2_099_999_999_999_999n);
  assert.is(satsOfCoins('1.5e3'), 150_000_000_000n);
  assert.is(satsOfCoins('0x1'), undefined);
});

methods('an empty chain answers everything', async () => {
  const info = await get('getblockchaininfo');
  assert.is(info['chain'], 'regtest');
  assert.is(info['blocks'], 0);
  assert.is(info['bestblockhash'], '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
  assert.is(info['chainwork'], '0000000000000000000000000000000000000000000000000000000000000002');
  assert.is(await node.call('getdifficulty'), 4.6565423739069247e-10);
  const genesis = await get('getblock', info['bestblockhash'], 2);
  assert.is(genesis['previousblockhash'], undefined);
  assert.is((genesis['tx'] as Json[])[0]?.['txid'], '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b');
  assert.equal(await node.call('getrawmempool'), []);
});

methods('submitblock adds the witness that an old miner leaves out of its coinbase, as Bitcoin Core does', async () => {
  const chain = new MinedChain();
  const fresh = startRpcNode();
  chain.mineMany(100);
  for (let height = 1; height <= 100; height++) await fresh.call('submitblock', bytesToHex(chain.block(height).bytes));
  const spend = aSpend({from: [chain.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 49_00000000n, scriptPubKey: MINER_KEY.scriptPubKey}]});
  const {header, transactions: [coinbase, ...others]} = chain.mine({transactions: [spend], feesSats: 1_00000000n});
  const bare = buildTransaction({...coinbase!, inputs: coinbase!.inputs.map((input) => ({...input, witness: []}))});
  assert.is(await fresh.call('submitblock', bytesToHex(encodeBlock(header, [bare, ...others]).bytes)), null);
  assert.is(await fresh.call('getbestblockhash'), hashToDisplayHex(header.hash));
  await fresh.close();
});

methods('a full mempool raises mempoolminfee, not minrelaytxfee', async () => {
  assert.match(await node.text('getmempoolinfo'), '"mempoolminfee":0.00002500,"minrelaytxfee":0.00001000');
});

methods('submitblock answers as BIP 22 says', async () => {
  const block = mined.mine();
  assert.is(await node.call('submitblock', bytesToHex(block.bytes)), null);
  assert.is(await node.call('submitblock', bytesToHex(block.bytes)), 'duplicate');
  const rival = new MinedChain().mine({extraNonce: 9});
  assert.is(await node.call('submitblock', bytesToHex(rival.bytes)), 'inconclusive');
  const next = mined.forkAt(1).mine({work: 'missing'});
  assert.is(await node.call('submitblock', bytesToHex(next.bytes)), 'high-hash');
  const {header} = mined.forkAt(1).mine();
  const badRoot = encodeBlock(buildHeader({...header, merkleRoot: new Uint8Array(32)}), mined.forkAt(1).mine().transactions);
  assert.ok(['bad-txnmrklroot', 'high-hash'].includes(String(await node.call('submitblock', bytesToHex(badRoot.bytes)))));
  assert.match(await node.errorOf('submitblock', '00'), /^-22 Block decode failed/);
  assert.match(await node.errorOf('submitblock', 'zz'), /^-22/);
});

methods('a block pays the address that its coinbase names, to the last digit', async () => {
  const decoded = decodeAddress(ADDRESS, REGTEST.address);
  assert.ok(decoded.ok);
  const hashes = mined.mineMany(3, {payTo: decoded.ok ? decoded.value.scriptPubKey : new Uint8Array()}).map((block) => hashToDisplayHex(block.header.hash));
  for (const height of [2, 3, 4]) assert.is(await node.call('submitblock', bytesToHex(mined.block(height).bytes)), null);
  assert.is(await node.call('getbestblockhash'), hashes[2]);
  const block = await get('getblock', hashes[2], 2);
  const coinbase = (block['tx'] as Json[])[0]!;
  const [output] = coinbase['vout'] as {value: number; scriptPubKey: Json}[];
  assert.is(output?.scriptPubKey['address'], ADDRESS);
  assert.is(output?.scriptPubKey['type'], 'witness_v0_keyhash');
  assert.match(await node.text('getblock', hashes[2], 2), /"value":50\.00000000/);
  assert.is(block['nTx'], 1);
  assert.is((await get('getblock', hashes[1]))['nextblockhash'], hashes[2]);
});

methods('headers and blocks are found, or refused with Core\'s codes', async () => {
  const hash = String(await node.call('getblockhash', 1));
  assert.is(hash, hashToDisplayHex(mined.block(1).header.hash));
  assert.is(await node.call('getblockheader', hash, false), bytesToHex(mined.block(1).bytes.subarray(0, 80)));
  assert.is(await node.call('getblock', hash, 0), bytesToHex(mined.block(1).bytes));
  assert.is(await node.call('getblock', hash, false), bytesToHex(mined.block(1).bytes));
  assert.match(await node.errorOf('getblockhash', 1000), /^-8 Block height out of range/);
  assert.match(await node.errorOf('getblock', 'ab'), /^-8 blockhash must be of length 64 \(not 2/);
  assert.match(await node.errorOf('getblock', '0'.repeat(64)), /^-5 Block not found/);
  assert.match(await node.errorOf('getblock', 'g'.repeat(64)), /^-8 .*hexadecimal/);
});

methods('coins: gettxout and gettxoutsetinfo', async () => {
  const {txid} = mined.block(1).transactions[0]!;
  const coin = await get('gettxout', hashToDisplayHex(txid), 0);
  assert.is(coin['coinbase'], true);
  assert.is(coin['confirmations'], 4);
  assert.match(await node.text('gettxout', hashToDisplayHex(txid), 0), /"value":50\.00000000/);
  assert.is(await node.call('gettxout', hashToDisplayHex(txid), 9), null);
  const totals = await get('gettxoutsetinfo');
  assert.is(totals['txouts'], 4);
  assert.match(await node.text('gettxoutsetinfo'), /"total_amount":200\.00000000/);
  assert.match(await node.errorOf('gettxoutsetinfo', 'muhash'), /^-8/);
});

methods('transactions: decode, send, test, mempool', async () => {
  const spend = aSpend({from: [mined.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 4_999_990_000n, scriptPubKey: MINER_KEY.scriptPubKey}]});
  const hex = bytesToHex(spend.bytes);
  const txid = hashToDisplayHex(spend.txid);
  const decoded = await get('decoderawtransaction', hex);
  assert.is(decoded['txid'], txid);
  assert.is((decoded['vin'] as Json[])[0]?.['vout'], 0);
  assert.match(await node.errorOf('decoderawtransaction', hex.slice(2)), /^-22 TX decode failed/);
  assert.match(await node.errorOf('decoderawtransaction', ''), /^-22/);
  assert.is(await node.call('sendrawtransaction', hex), txid);
  assert.is(((await node.call('testmempoolaccept', [hex])) as Json[])[0]?.['allowed'], true);
  for (const [reject, code] of [['bad-txns-inputs-missingorspent', -25], ['txn-mempool-conflict', -26], ['txn-already-known', -27], ['max-fee-exceeded', -25]] as const) {
    node.refuseWith = reject;
    assert.is(await node.errorOf('sendrawtransaction', hex), `${code} ${reject}`);
  }
  node.refuseWith = 'bad-txns-inputs-missingorspent';
  assert.is(((await node.call('testmempoolaccept', [hex])) as Json[])[0]?.['reject-reason'], 'missing-inputs');
  node.refuseWith = undefined;
  assert.match(await node.errorOf('testmempoolaccept', []), /^-8/);
  for (const rate of [1, '1.00000000', 1.5]) assert.match(await node.errorOf('sendrawtransaction', hex, rate), /^-8/);
  assert.match(await node.errorOf('sendrawtransaction', hex, -1), /^-3/);

  assert.match(await node.errorOf('getrawtransaction', txid), /^-5/);
  node.mempool.set(txid, aMempoolEntry(spend, 10_000n));
  assert.is(await node.call('getrawtransaction', txid), hex);
  assert.is((await get('getrawtransaction', txid, true))['hex'], hex);
  assert.match(await node.text('getmempoolentry', txid), /"base":0\.00010000/);
  assert.ok((await get('getrawmempool', true))[txid]);
  assert.is(await node.call('gettxout', hashToDisplayHex(mined.block(1).transactions[0]!.txid), 0), null, 'spent in the mempool');
  assert.is((await get('gettxout', txid, 0))['confirmations'], 0);
  assert.is(coinOf(spend, 0, 1).coin.valueSats, 4_999_990_000n);
  node.mempool.clear();
  const known = await get('getrawtransaction', hashToDisplayHex(mined.block(1).transactions[0]!.txid), 1, hashToDisplayHex(mined.block(1).header.hash));
  assert.is(known['in_active_chain'], true);
});

methods('getblocktemplate wants the segwit rule; a proposal is judged without its work', async () => {
  assert.match(await node.errorOf('getblocktemplate'), /^-8 .*segwit/);
  assert.match(await node.errorOf('getblocktemplate', {rules: ['segwit'], mode: 'x'}), /^-8/);
  const template = await get('getblocktemplate', {rules: ['segwit']});
  assert.is(template['height'], 5);
  assert.is(template['previousblockhash'], await node.call('getbestblockhash'));
  assert.is(template['coinbasevalue'], 5_000_000_000);
  assert.is(template['bits'], '207fffff');
  assert.is(template['target'], '7fffff0000000000000000000000000000000000000000000000000000000000');
  assert.ok((template['rules'] as string[]).includes('!segwit'));
  assert.match(String(template['default_witness_commitment']), /^6a24aa21a9ed[0-9a-f]{64}$/);
  assert.equal(template['transactions'], []);
  const own = new MinedChain();
  assert.is(await node.call('getblocktemplate', {mode: 'proposal', data: bytesToHex(own.mine({extraNonce: 3}).bytes)}), 'inconclusive-not-best-prevblk');
  assert.is(await node.call('getblocktemplate', {mode: 'proposal', data: bytesToHex(mined.block(1).bytes)}), 'duplicate');
  assert.match(await node.errorOf('getblocktemplate', {mode: 'proposal', data: 'ff'}), /^-22/);
});

methods('invalidateblock and reconsiderblock move the tip', async () => {
  const [third, tip] = [await node.call('getblockhash', 3), await node.call('getbestblockhash')];
  await node.call('invalidateblock', third);
  assert.is(await node.call('getblockcount'), 2);
  const tips = await node.call('getchaintips') as Json[];
  assert.ok(tips.some((branch) => branch['status'] === 'invalid'));
  await node.call('reconsiderblock', third);
  assert.is(await node.call('getbestblockhash'), tip);
});

methods('addresses are of this chain', async () => {
  assert.is((await get('validateaddress', ADDRESS))['witness_version'], 0);
  assert.is((await get('validateaddress', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'))['isvalid'], false);
  assert.is((await get('validateaddress', ''))['isvalid'], false);
});

methods('every listed method is in help, and stop asks for a stop', async () => {
  const help = String(await node.call('help'));
  for (const name of RPC_METHODS.keys()) assert.match(help, new RegExp(`^${name}`, 'm'));
  assert.match(String(await node.call('help', 'getblock')), /^getblock \[blockhash\] \[verbosity\]/);
  assert.match(await node.errorOf('help', 'x'), /unknown command/);
  assert.is((await get('getmininginfo'))['blocks'], 4);
  assert.is((await get('getnetworkinfo'))['subversion'], '/Pithead:0.1.0/');
  assert.is((await get('getmempoolinfo'))['size'], 0);
  assert.is(await node.call('stop'), 'Pithead stopping');
  assert.equal(node.stops, ['JSON-RPC stop']);
  assert.equal(node.logged, [], 'no method threw');
});

methods.run();
