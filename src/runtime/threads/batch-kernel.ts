/**
 * @module The two halves of a kernel: what the sending side knows of an item, and what the thread does with its bytes.
 * Coin-free: a kernel is given as "how to write one item, how to read one answer".
 */

/** The sending half. Every item of a kernel is written as one run of bytes; every answer has the same length. */
export interface BatchKernel<Item, Answer> {
  readonly name: string;
  /** Kinds of item whose cost differs (say, by algorithm); cost is measured for each apart. */
  readonly costClasses: readonly CostClass[];
  readonly answerLength: number;
  costClassOf(item: Item): number;
  byteLength(item: Item): number;
  /** `into` has exactly `byteLength(item)` bytes. */
  encode(item: Item, into: Uint8Array): void;
  decode(answer: Uint8Array, item: Item): Answer;
  /** What many items share is named by a key and travels apart; 0 means that the item needs nothing. */
  contextKeyOf(item: Item): number;
  contextOf(item: Item): Uint8Array;
}

export interface CostClass {
  readonly name: string;
  /** Used until the first measurement; better too high than too low, so that no first batch runs long. */
  readonly firstGuessUs: number;
}

/** The thread's half: pure work over bytes, no I/O and no waiting. */
export interface ThreadKernel {
  readonly name: string;
  readonly answerLength: number;
  /** Reported with every answer: which variant of the work this thread runs, as bits of the caller's own table. */
  readonly flavour: number;
  knows(contextKey: number): boolean;
  learn(contextKey: number, context: Uint8Array): void;
  /** Writes the answer in full. A throw fails this one item. */
  run(item: Uint8Array, contextKey: number, answer: Uint8Array): void;
}

/** What became of one item inside a batch; one byte of the reply. */
export const ITEM_DONE = 0;
export const ITEM_EXPIRED = 1;
export const ITEM_FAILED = 2;
/** The thread does not hold the item's context: it is sent again with the context beside it. */
export const ITEM_NEEDS_CONTEXT = 3;
