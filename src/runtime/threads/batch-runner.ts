/**
 * @module The thread's side of a batch: walk the items, skip those past their deadline, run the rest, report the cost.
 * A running item cannot be stopped from outside short of ending the thread, so deadlines are looked at between items.
 */
import {ITEM_DONE, ITEM_EXPIRED, ITEM_FAILED, ITEM_NEEDS_CONTEXT} from './batch-kernel.js';
import type {ThreadKernel} from './batch-kernel.js';
import {Reply, RequestReader} from './batch-codec.js';

export interface BatchTiming {
  /** When the batch was sent, on the clock of `nowMs`. */
  readonly sentAtMs: number;
  nowMs(): number;
}

/** More kinds of cost than any kernel has; the reply's table is this long at most. */
const COST_CLASSES_MAX = 16;

export function runBatch(kernel: ThreadKernel, request: Uint8Array, timing: BatchTiming): Uint8Array {
  const reader = new RequestReader(request);
  for (let index = 0; index < reader.contextCount; index += 1) {
    const context = reader.nextContext();
    if (!kernel.knows(reader.contextKey)) kernel.learn(reader.contextKey, context);
  }
  const reply = Reply.allocate({itemCount: reader.itemCount, classCount: COST_CLASSES_MAX, answerLength: kernel.answerLength, flavour: kernel.flavour});
  let since = timing.nowMs();
  let costClass = 0;
  let ran = 0;
  for (let index = 0; index < reader.itemCount; index += 1) {
    const item = reader.nextItem();
    if (reader.costClass !== costClass && ran > 0) {
      const nowMs = timing.nowMs();
      reply.addCost(costClass, {runUs: (nowMs - since) * 1000, ran});
      since = nowMs;
      ran = 0;
    }
    costClass = reader.costClass;
    const status = runItem({kernel, reader, timing, item}, reply.answer(index));
    reply.statuses[index] = status;
    if (status === ITEM_DONE) ran += 1;
  }
  if (ran > 0) reply.addCost(costClass, {runUs: (timing.nowMs() - since) * 1000, ran});
  return reply.bytes;
}

interface ItemRun {
  readonly kernel: ThreadKernel;
  readonly reader: RequestReader;
  readonly timing: BatchTiming;
  readonly item: Uint8Array;
}

function runItem({kernel, reader, timing, item}: ItemRun, answer: Uint8Array): number {
  // The clock costs 41 ns here: read it only for items that have a deadline at all.
  if (reader.slackMs !== Infinity && timing.nowMs() - timing.sentAtMs >= reader.slackMs) return ITEM_EXPIRED;
  if (reader.contextKey !== 0 && !kernel.knows(reader.contextKey)) return ITEM_NEEDS_CONTEXT;
  try {
    kernel.run(item, reader.contextKey, answer);
    return ITEM_DONE;
  } catch {
    // A kernel that throws has a bug for this input; the caller learns it as a refusal of this item.
    return ITEM_FAILED;
  }
}
