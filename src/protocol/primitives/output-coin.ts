/**
 * @module The coin that an output of a block makes. It holds the output, not copies of its fields: most coins of a block are
 * only written to the disk, in the form that `coin-codec.ts` makes of the output's own bytes.
 */
import type {Coin, Sats, TxOutput} from './transaction.js';

export class OutputCoin implements Coin {
  readonly output: TxOutput;
  readonly height: number;
  readonly isCoinbase: boolean;

  constructor(output: TxOutput, height: number, isCoinbase: boolean) {
    this.output = output;
    this.height = height;
    this.isCoinbase = isCoinbase;
  }

  get valueSats(): Sats {
    return this.output.valueSats;
  }

  get scriptPubKey(): Uint8Array {
    return this.output.scriptPubKey;
  }
}
