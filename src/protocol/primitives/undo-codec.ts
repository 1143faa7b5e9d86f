/**
 * @module How a block's undo record lies in storage: `01`, the number of transactions but the coinbase, and for each
 * the number of its coins and the coins as in `coin-codec.ts`. Numbers are LEB128.
 */
import {DecodeError, decodeWith} from '../bytes/byte-reader.js';
import {ByteWriter} from '../bytes/byte-writer.js';
import type {Verdict} from '../verdict.js';
import type {BlockUndo} from './block.js';
import {COIN_SIZE_TYPICAL, readCoin, readLeb128, writeCoin, writeLeb128} from './coin-codec.js';
import type {Coin} from './transaction.js';

const UNDO_VERSION = 1;

export function encodeUndo(undo: BlockUndo): Uint8Array {
  const coinCount = undo.spentByTx.reduce((total, coins) => total + coins.length, 0);
  const writer = new ByteWriter(16 + undo.spentByTx.length + coinCount * COIN_SIZE_TYPICAL).u8(UNDO_VERSION);
  writeLeb128(writer, undo.spentByTx.length);
  for (const coins of undo.spentByTx) {
    writeLeb128(writer, coins.length);
    for (const coin of coins) writeCoin(writer, coin);
  }
  return writer.finish();
}

export function decodeUndo(bytes: Uint8Array): Verdict<BlockUndo, 'undo-decode-failed'> {
  return decodeWith(bytes, 'undo-decode-failed', (reader) => {
    const version = reader.u8();
    if (version !== UNDO_VERSION) throw new DecodeError(`undo version ${version}`);
    const spentByTx: Coin[][] = [];
    for (let left = readLeb128(reader); left > 0; left--) {
      const coins: Coin[] = [];
      for (let inputs = readLeb128(reader); inputs > 0; inputs--) coins.push(readCoin(reader));
      spentByTx.push(coins);
    }
    return {spentByTx};
  });
}
