/**
 * @module All timers of a system on one hierarchical wheel: ask timeouts, keyed timers, backoff, stop deadlines.
 *
 * Adding and cancelling cost the same however many wait, which a heap does not give: an ask is cancelled almost always
 * and would leave its entry behind. One tick is a millisecond; a timer never fires early and fires in order of due time,
 * then of arming. The wheel has no clock: the scheduler tells it what time it is.
 */

const LEVEL_COUNT = 4;
const SLOT_COUNT = 256;
/** Ticks per slot on each level: 1 ms, 256 ms, 65.5 s, 4.7 h. Later timers wait on the last level and cascade again. */
const SPANS = [1, 256, 65_536, 16_777_216] as const;
const LAST_LEVEL_REACH = SPANS[3] * SLOT_COUNT;

/** Extend it with what shall happen. An object is armed once at a time. */
export abstract class WheelTimer {
  next: WheelTimer | undefined = undefined;
  previous: WheelTimer | undefined = undefined;
  /** Index into the wheel's slots; −1 when not armed, −2 when due and about to fire. */
  slot = -1;
  dueMs = 0;
  order = 0;
  abstract fire(): void;
}

class CallTimer extends WheelTimer {
  private readonly act: () => void;
  constructor(act: () => void) {
    super();
    this.act = act;
  }
  fire(): void {
    this.act();
  }
}

export class TimerWheel {
  size = 0;
  private tick: number;
  private nextOrder = 0;
  private readonly slots: (WheelTimer | undefined)[] = Array.from<WheelTimer | undefined>({length: LEVEL_COUNT * SLOT_COUNT}).fill(undefined);
  private readonly counts = [0, 0, 0, 0];
  private readonly onArmed: (dueMs: number) => void;

  /** @param onArmed - told of every new timer, so that the scheduler can wake earlier. */
  constructor(nowMs: number, onArmed: (dueMs: number) => void) {
    this.tick = Math.floor(nowMs);
    this.onArmed = onArmed;
  }

  arm(timer: WheelTimer, dueMs: number): void {
    if (timer.slot !== -1) this.cancel(timer);
    timer.dueMs = dueMs;
    timer.order = this.nextOrder;
    this.nextOrder += 1;
    this.size += 1;
    this.place(timer);
    this.onArmed(dueMs);
  }

  cancel(timer: WheelTimer): void {
    if (timer.slot === -1) return;
    if (timer.slot >= 0) this.unlink(timer);
    timer.slot = -1;
    this.size -= 1;
  }

  /** Calls `act` at `dueMs`. @returns a function that cancels it. */
  after(dueMs: number, act: () => void): () => void {
    const timer = new CallTimer(act);
    this.arm(timer, dueMs);
    return () => this.cancel(timer);
  }

  /**
   * The next moment at which `advanceTo` has anything to do; undefined when nothing is armed.
   * For far timers this is the start of their slot, so a wake-up may find only cascading to do.
   */
  nextWakeMs(): number | undefined {
    if (this.size === 0) return undefined;
    let earliest = Infinity;
    for (let level = 0; level < LEVEL_COUNT; level += 1) {
      if (this.counts[level] === 0) continue;
      const span = SPANS[level]!;
      const current = Math.floor(this.tick / span);
      for (let ahead = 1; ahead <= SLOT_COUNT; ahead += 1) {
        if (this.slots[level * SLOT_COUNT + ((current + ahead) % SLOT_COUNT)] === undefined) continue;
        earliest = Math.min(earliest, (current + ahead) * span);
        break;
      }
    }
    return earliest;
  }

  /** Fires everything due at `nowMs` or before. A timer that a firing one cancels does not fire. */
  advanceTo(nowMs: number): void {
    const target = Math.floor(nowMs);
    while (this.tick < target) {
      const wake = this.nextWakeMs();
      if (wake === undefined || wake > target) {
        this.tick = target;
        return;
      }
      this.tick = wake;
      this.cascade();
      this.fireSlot(this.tick % SLOT_COUNT);
    }
  }

  private place(timer: WheelTimer): void {
    const dueTick = Math.max(Math.ceil(timer.dueMs), this.tick + 1);
    const delta = dueTick - this.tick;
    let level = 0;
    while (level < LEVEL_COUNT - 1 && delta >= SPANS[level]! * SLOT_COUNT) level += 1;
    const reachable = delta < LAST_LEVEL_REACH ? dueTick : this.tick + LAST_LEVEL_REACH - 1;
    const slot = level * SLOT_COUNT + (Math.floor(reachable / SPANS[level]!) % SLOT_COUNT);
    const head = this.slots[slot];
    timer.slot = slot;
    timer.previous = undefined;
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.slots[slot] = timer;
    this.counts[level]! += 1;
  }

  private unlink(timer: WheelTimer): void {
    if (timer.previous === undefined) this.slots[timer.slot] = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next !== undefined) timer.next.previous = timer.previous;
    timer.next = undefined;
    timer.previous = undefined;
    this.counts[Math.floor(timer.slot / SLOT_COUNT)]! -= 1;
  }

  /** Moves what has come near down to finer levels. */
  private cascade(): void {
    for (let level = LEVEL_COUNT - 1; level >= 1; level -= 1) {
      if (this.tick % SPANS[level]! !== 0) continue;
      const slot = level * SLOT_COUNT + ((this.tick / SPANS[level]!) % SLOT_COUNT);
      for (const timer of this.takeSlot(slot)) {
        // Due exactly now: goes to the slot that is fired next, not to the following tick.
        if (Math.ceil(timer.dueMs) <= this.tick) this.placeNow(timer);
        else this.place(timer);
      }
    }
  }

  private placeNow(timer: WheelTimer): void {
    const slot = this.tick % SLOT_COUNT;
    const head = this.slots[slot];
    timer.slot = slot;
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.slots[slot] = timer;
    this.counts[0]! += 1;
  }

  private takeSlot(slot: number): WheelTimer[] {
    const taken: WheelTimer[] = [];
    for (let timer = this.slots[slot]; timer !== undefined; timer = this.slots[slot]) {
      this.unlink(timer);
      taken.push(timer);
    }
    return taken;
  }

  private fireSlot(slot: number): void {
    if (this.slots[slot] === undefined) return;
    const due = this.takeSlot(slot);
    if (due.length > 1) due.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    for (const timer of due) timer.slot = -2;
    for (const timer of due) {
      if (timer.slot !== -2) continue;
      timer.slot = -1;
      this.size -= 1;
      timer.fire();
    }
  }
}
