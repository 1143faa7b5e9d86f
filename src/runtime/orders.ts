/** @module The control lane's orders, carried out. These are the engine's own turns: no actor code waits on them. */
import {requestStop, start} from './cell-life.js';
import type {Cell} from './cell.js';
import type {Order} from './cell-host.js';
import {STARTING} from './cell-phases.js';
import {onChildFailed} from './supervision.js';

export function carryOut(cell: Cell, order: Order): void {
  switch (order.kind) {
    case 'start':
      if (cell.phase === STARTING) start(cell);
      break;
    case 'stop':
      requestStop(cell, order.mode, order.reason);
      break;
    case 'child-failed':
      onChildFailed(cell, order.child, order.error);
      break;
    case 'child-stopped':
      if (cell.family?.children.get(order.child.options.name) === order.child) {
        cell.family.children.delete(order.child.options.name);
      }
      cell.family?.onChildGone?.();
      break;
  }
}
