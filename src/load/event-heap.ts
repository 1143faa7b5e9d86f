/**
 * @module What is to happen when, for tens of thousands of miners on one timer: a binary heap by time. A cancelled event
 * stays where it is and is skipped.
 */

export interface ScheduledEvent {
  readonly atMs: number;
  /** Undefined once it ran or was cancelled. */
  run: (() => void) | undefined;
}

export class EventHeap {
  readonly #events: ScheduledEvent[] = [];

  /** Of the next event; undefined when there is none. */
  get nextAtMs(): number | undefined {
    return this.#events[0]?.atMs;
  }

  add(atMs: number, run: () => void): ScheduledEvent {
    const event: ScheduledEvent = {atMs, run};
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (events[parent]!.atMs <= atMs) break;
      events[at] = events[parent]!;
      at = parent;
    }
    events[at] = event;
    return event;
  }

  /** Runs what is due, in order of time. What is added meanwhile for a time that has passed runs too. */
  runDue(nowMs: number): void {
    for (let first = this.#events[0]; first !== undefined && first.atMs <= nowMs; first = this.#events[0]) {
      this.#removeFirst();
      const {run} = first;
      first.run = undefined;
      run?.();
    }
  }

  #removeFirst(): void {
    const events = this.#events;
    const last = events.pop()!;
    if (events.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && events[child + 1]!.atMs < events[child]!.atMs) child += 1;
      if (events[child]!.atMs >= last.atMs) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
  }
}
