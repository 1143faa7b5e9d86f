/**
 * @module A worker that sleeps when a shelf is empty and is woken when something is put there. Planted: it looks, and asks to
 * be woken in a second message; what is put in between wakes nobody (a lost wake-up).
 */
import type {ActorContext, ActorRef, ActorSpec, Query} from '../../actor.js';
import type {Scenario} from '../explore.js';
import {InvariantViolation} from '../invariant.js';

type ShelfMessage =
  | {readonly type: 'shelf.put'}
  | {readonly type: 'shelf.wakeMe'; readonly worker: ActorRef<WorkerMessage>}
  | Query<'shelf.take', {readonly worker: ActorRef<WorkerMessage>}, boolean>;
type WorkerMessage = {readonly type: 'worker.look'} | {readonly type: 'worker.looked'; readonly found: boolean};
type SupplierMessage = {readonly type: 'supplier.supply'; readonly left: number};

const ITEMS = 5;
const ASK_TIMEOUT_MS = 1_000;

export function wakeUpScenario(isPlanted: boolean): Scenario {
  return {
    name: isPlanted ? 'planted-wake-up' : 'wake-up',
    async run(simulation) {
      const taken = {count: 0};
      const shelf = simulation.system.spawn(shelfSpec(isPlanted), {name: 'shelf'});
      const worker = simulation.system.spawn(workerSpec(shelf, taken, isPlanted), {name: 'worker'});
      worker.tell({type: 'worker.look'});
      simulation.system.spawn(supplierSpec(shelf), {name: 'supplier'});
      await simulation.runUntilIdle();
      if (taken.count !== ITEMS) throw new InvariantViolation('every item is taken', `${taken.count} of ${ITEMS} were taken, and nothing moves any more`);
    },
  };
}

/** Puts one item a turn, so that the items meet the worker in all its states. */
function supplierSpec(shelf: ActorRef<ShelfMessage>): ActorSpec<SupplierMessage> {
  return {
    protocol: {kind: 'supplier', mailbox: {capacity: 1, policy: 'refuse'}},
    create: (ctx) => {
      ctx.tell(ctx.self, {type: 'supplier.supply', left: ITEMS});
      return {
        receive: ({left}) => {
          ctx.tell(shelf, {type: 'shelf.put'});
          if (left > 1) ctx.tell(ctx.self, {type: 'supplier.supply', left: left - 1});
        },
      };
    },
  };
}

function shelfSpec(isPlanted: boolean): ActorSpec<ShelfMessage> {
  return {
    protocol: {kind: 'shelf', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => {
      let items = 0;
      let sleeper: ActorRef<WorkerMessage> | undefined;
      const wake = (ctx: ActorContext<ShelfMessage>): void => {
        if (sleeper !== undefined) ctx.tell(sleeper, {type: 'worker.look'});
        sleeper = undefined;
      };
      return {
        receive: (message, ctx) => {
          if (message.type === 'shelf.put') {
            items += 1;
            wake(ctx);
          } else if (message.type === 'shelf.wakeMe') {
            sleeper = message.worker;
          } else {
            ctx.reply(items > 0);
            if (items > 0) items -= 1;
            // The cure: empty and asleep are one step.
            else if (!isPlanted) sleeper = message.worker;
          }
        },
      };
    },
  };
}

function workerSpec(shelf: ActorRef<ShelfMessage>, taken: {count: number}, isPlanted: boolean): ActorSpec<WorkerMessage> {
  return {
    protocol: {kind: 'worker', mailbox: {capacity: 64, policy: 'refuse'}},
    create: () => ({
      receive: (message, ctx) => {
        if (message.type === 'worker.look') {
          ctx.pipeToSelf(
            ctx.ask<ShelfMessage, Extract<ShelfMessage, {type: 'shelf.take'}>>(shelf, {type: 'shelf.take', worker: ctx.self}, {timeoutMs: ASK_TIMEOUT_MS}),
            (found): WorkerMessage => ({type: 'worker.looked', found}), (): WorkerMessage => ({type: 'worker.look'}),
          );
        } else if (message.found) {
          taken.count += 1;
          ctx.tell(ctx.self, {type: 'worker.look'});
        } else if (isPlanted) {
          ctx.tell(shelf, {type: 'shelf.wakeMe', worker: ctx.self});
        }
      },
    }),
  };
}
