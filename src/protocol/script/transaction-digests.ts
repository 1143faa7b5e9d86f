/**
 * @module A transaction with the outputs it spends, and the hashes over all of its inputs or outputs that every input's
 * signature digest shares. Each is computed when first asked for: without this, n inputs would hash n² bytes (BIP 143).
 * The spent outputs are in input order and complete: BIP 341 signs all of them.
 */
import {ByteWriter} from '../bytes/byte-writer.js';
import {sha256} from '../bytes/sha256.js';
import type {Transaction, TxOutput} from '../primitives/transaction.js';
import {WireTransaction} from '../primitives/wire-transaction.js';
import {assert} from '../verdict.js';

/** What the digests need of a coin. */
export type SpentOutput = Pick<TxOutput, 'valueSats' | 'scriptPubKey'>;

/** Single SHA-256 as BIP 341 wants them. BIP 143 wants the same bytes hashed twice: the `…Twice` ones. */
export class TransactionDigests {
  readonly transaction: Transaction;
  readonly spentOutputs: readonly SpentOutput[];
  private prevoutsHash: Uint8Array | undefined;
  private sequencesHash: Uint8Array | undefined;
  private outputsHash: Uint8Array | undefined;
  private amountsHash: Uint8Array | undefined;
  private scriptPubKeysHash: Uint8Array | undefined;
  private prevoutsHashTwice: Uint8Array | undefined;
  private sequencesHashTwice: Uint8Array | undefined;
  private outputsHashTwice: Uint8Array | undefined;

  constructor(transaction: Transaction, spentOutputs: readonly SpentOutput[]) {
    assert(spentOutputs.length === transaction.inputs.length, 'one spent output for each input');
    this.transaction = transaction;
    this.spentOutputs = spentOutputs;
  }

  /** Lets the hashes go: they are made again if somebody asks. For whoever keeps the digests of inputs that were evaluated. */
  forget(): void {
    this.prevoutsHash = undefined;
    this.sequencesHash = undefined;
    this.outputsHash = undefined;
    this.amountsHash = undefined;
    this.scriptPubKeysHash = undefined;
    this.prevoutsHashTwice = undefined;
    this.sequencesHashTwice = undefined;
    this.outputsHashTwice = undefined;
  }

  get prevouts(): Uint8Array {
    return this.prevoutsHash ??= sha256(this.writePrevouts());
  }

  get sequences(): Uint8Array {
    return this.sequencesHash ??= sha256(this.writeSequences());
  }

  get outputs(): Uint8Array {
    return this.outputsHash ??= sha256(this.writeOutputs());
  }

  get amounts(): Uint8Array {
    return this.amountsHash ??= sha256(this.writeAmounts());
  }

  get scriptPubKeys(): Uint8Array {
    return this.scriptPubKeysHash ??= sha256(this.writeScriptPubKeys());
  }

  get prevoutsTwice(): Uint8Array {
    return this.prevoutsHashTwice ??= sha256(this.prevouts);
  }

  get sequencesTwice(): Uint8Array {
    return this.sequencesHashTwice ??= sha256(this.sequences);
  }

  get outputsTwice(): Uint8Array {
    return this.outputsHashTwice ??= sha256(this.outputs);
  }

  private writePrevouts(): Uint8Array {
    const {inputs} = this.transaction;
    const writer = new ByteWriter(36 * inputs.length);
    for (const {prevout} of inputs) writer.bytes(prevout.txid).u32(prevout.vout);
    return writer.finish();
  }

  private writeSequences(): Uint8Array {
    const {inputs} = this.transaction;
    const writer = new ByteWriter(4 * inputs.length);
    for (const {sequence} of inputs) writer.u32(sequence);
    return writer.finish();
  }

  private writeOutputs(): Uint8Array {
    // As they were received: no other bytes say the same.
    if (this.transaction instanceof WireTransaction) return this.transaction.outputBytes;
    const {outputs} = this.transaction;
    const writer = new ByteWriter(43 * outputs.length);
    for (const {valueSats, scriptPubKey} of outputs) writer.u64(valueSats).varBytes(scriptPubKey);
    return writer.finish();
  }

  private writeAmounts(): Uint8Array {
    const writer = new ByteWriter(8 * this.spentOutputs.length);
    for (const {valueSats} of this.spentOutputs) writer.u64(valueSats);
    return writer.finish();
  }

  private writeScriptPubKeys(): Uint8Array {
    const writer = new ByteWriter(35 * this.spentOutputs.length);
    for (const {scriptPubKey} of this.spentOutputs) writer.varBytes(scriptPubKey);
    return writer.finish();
  }
}

/** One output as the digests hash it. */
export function serializeOutput(output: TxOutput): Uint8Array {
  return new ByteWriter(9 + output.scriptPubKey.length).u64(output.valueSats).varBytes(output.scriptPubKey).finish();
}
