/** @module The control lane's orders, carried out. These are the engine's own turns: no actor code waits on them. */
import {requestStop} from './cell-life.js';
import type {Cell} from './cell.js';
import type {Order} from './cell-host.js';
import {onChildFailed} from './supervision.js';

export function carryOut(cell: Cell, order: Order): void {
  const {family} = cell.affairs;
  switch (order.kind) {
    case 'stop':
      requestStop(cell, order.mode, order.reason);
      break;
    case 'child-failed':
      onChildFailed(cell, order.child, order.error);
      break;
    case 'child-stopped':
      if (family?.children.get(order.child.name) === order.child) family.children.delete(order.child.name);
      family?.onChildGone?.();
      break;
  }
}
