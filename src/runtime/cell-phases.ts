/** @module The lives of a cell, in order, and where it stands with the scheduler. Plain numbers: they are compared per message. */

/** Spawned or between incarnations; its behaviour is not made yet. */
export const STARTING = 0;
export const RUNNING = 1;
/** Its handler returned a promise: no further message until that settles. */
export const BUSY = 2;
/** It failed and waits for its supervisor's word. */
export const SUSPENDED = 3;
export const RESTARTING = 4;
export const STOPPING = 5;
export const STOPPED = 6;

export const PHASE_NAMES = ['starting', 'running', 'busy', 'suspended', 'restarting', 'stopping', 'stopped'] as const;
export type PhaseName = (typeof PHASE_NAMES)[number];

/** Nothing waits; the next message queues it. */
export const IDLE = 0;
export const QUEUED = 1;
/** On the stack now. */
export const ACTIVE = 2;
/** Messages may wait but none is delivered: busy, suspended, starting, stopping. */
export const BLOCKED = 3;
