/**
 * @module A template as `getblocktemplate` answers it (BIP 22, 23, 9, 145). Amounts are whole satoshis there.
 * Its transactions are rendered once and a slice at a time: a full list is megabytes of hexadecimal, and every miner asks.
 */
import {bytesToHex, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {hashKey} from '../../protocol/bytes/hash-key.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';
import {decodeTransaction} from '../../protocol/primitives/transaction-codec.js';
import {assert} from '../../protocol/verdict.js';
import {hex256, hex32} from './header-json.js';
import {JsonText, renderJson} from './json-text.js';
import type {TimeSlice} from './time-slice.js';

/** `!` marks what a miner must understand to make a valid block (BIP 9). */
const RULES = ['csv', '!segwit', 'taproot'];
const MUTABLE = ['time', 'transactions', 'prevblock'];

/** By the list itself: a template that only moves its clock on keeps it. */
const renderedLists = new WeakMap<BlockTemplate['transactions'], JsonText>();

export async function templateJson(template: BlockTemplate, slice: TimeSlice): Promise<JsonText> {
  return new JsonText(renderJson({
    capabilities: ['proposal'],
    version: template.version,
    rules: RULES,
    vbavailable: {},
    vbrequired: 0,
    previousblockhash: hashToDisplayHex(template.previousHash),
    transactions: await transactionsJson(template, slice),
    coinbaseaux: {},
    coinbasevalue: template.coinbaseValueSats,
    longpollid: template.longpollId,
    target: hex256(template.target),
    mintime: template.minTimeSec,
    mutable: MUTABLE,
    noncerange: '00000000ffffffff',
    sigoplimit: template.sigopLimit,
    sizelimit: template.sizeLimit,
    weightlimit: template.weightLimitWu,
    curtime: template.curTimeSec,
    bits: hex32(template.bits),
    height: template.height,
    default_witness_commitment: template.witnessCommitment.length === 0 ? undefined : bytesToHex(template.witnessCommitment),
  }));
}

async function transactionsJson(template: BlockTemplate, slice: TimeSlice): Promise<JsonText> {
  const known = renderedLists.get(template.transactions);
  if (known !== undefined) return known;
  const parts: string[] = [];
  const positions = new Map<string, number>();
  for (const [index, transaction] of template.transactions.entries()) {
    // BIP 22 counts from 1: 0 is the coinbase.
    positions.set(hashKey(transaction.txid), index + 1);
    const decoded = decodeTransaction(transaction.bytes);
    assert(decoded.ok, 'a template holds transactions that decode');
    const parents = decoded.value.inputs.map(({prevout}) => positions.get(hashKey(prevout.txid))).filter((position) => position !== undefined);
    parts.push(renderJson({
      data: bytesToHex(transaction.bytes),
      txid: hashToDisplayHex(transaction.txid),
      hash: hashToDisplayHex(transaction.wtxid),
      depends: [...new Set(parents)].sort((left, right) => left - right),
      fee: transaction.feeSats,
      sigops: transaction.sigopCost,
      weight: transaction.weightWu,
    }));
    await slice.pause();
  }
  const list = new JsonText(`[${parts.join(',')}]`);
  renderedLists.set(template.transactions, list);
  return list;
}
