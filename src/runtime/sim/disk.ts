/**
 * @module A disk of a simulated machine: what was written is seen at once and survives a crash only when it was flushed.
 * Of what was not, a crash keeps some beginning in the order of writing, and may tear the write after it.
 *
 * Handles die with the machine that opened them: a continuation of a crashed program cannot write any more.
 */
import type {NetworkHost} from './network.js';

export type DiskErrorCode = 'disk-full' | 'disk-gone';

export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode) {
    super(code);
    this.code = code;
  }
}

export interface DiskFaults {
  readonly flushMs: {readonly min: number; readonly max: number};
  /** Whether the first write that a crash loses may leave half of its bytes. A database with checksums may rule that out. */
  readonly canTear: boolean;
  readonly capacityBytes: number;
}

const SOUND_DISK: DiskFaults = {flushMs: {min: 1, max: 5}, canTear: false, capacityBytes: Infinity};
const FLUSH_STEPS = 8;

interface Write {
  readonly key: string;
  /** `undefined`: the key is removed. */
  readonly value: Uint8Array | undefined;
}

export class SimulatedDisk {
  private readonly host: NetworkHost;
  private readonly faults: DiskFaults;
  /** On the platter. */
  private durable = new Map<string, Uint8Array>();
  private unflushed: Write[] = [];
  private handle: DiskHandle | undefined = undefined;

  constructor(host: NetworkHost, faults: Partial<DiskFaults> = {}) {
    this.host = host;
    this.faults = {...SOUND_DISK, ...faults};
  }

  /** Opens it for one life of the machine. */
  open(): DiskHandle {
    this.handle?.close();
    const view = new Map(this.durable);
    for (const write of this.unflushed) apply(view, write);
    return (this.handle = new DiskHandle({
      view,
      capacityBytes: this.faults.capacityBytes,
      write: (write) => this.unflushed.push(write),
      flush: () => this.flush(),
    }));
  }

  /** The power fails. */
  crash(): void {
    this.handle?.close();
    this.handle = undefined;
    const {choices, random} = this.host;
    // 0 is the plain course: everything that was written is there.
    const lost = choices.take(this.unflushed.length + 1, () => random.below(this.unflushed.length + 1));
    const kept = this.unflushed.length - lost;
    for (const write of this.unflushed.slice(0, kept)) apply(this.durable, write);
    const torn = this.unflushed[kept];
    if (this.faults.canTear && torn?.value !== undefined && torn.value.length > 1 && choices.take(2, () => random.below(2)) === 1) {
      apply(this.durable, {key: torn.key, value: torn.value.slice(0, torn.value.length >> 1)});
    }
    this.host.note(`disk crash, ${lost} of ${this.unflushed.length} writes lost`);
    this.unflushed = [];
  }

  private flush(): Promise<void> {
    const {choices, random} = this.host;
    const {min, max} = this.faults.flushMs;
    const step = max > min ? choices.take(FLUSH_STEPS, () => random.below(FLUSH_STEPS)) : 0;
    const writes = this.unflushed.length;
    const {handle} = this;
    const covered = this.unflushed[writes - 1];
    return new Promise((resolve) => {
      this.host.after(min + ((max - min) * step) / (FLUSH_STEPS - 1), () => {
        // A crash in between: the promise of a dead program never settles.
        if (handle !== this.handle) return;
        const until = covered === undefined ? 0 : this.unflushed.indexOf(covered) + 1;
        for (const write of this.unflushed.splice(0, until)) apply(this.durable, write);
        resolve();
      });
    });
  }
}

interface HandleFacts {
  readonly view: Map<string, Uint8Array>;
  readonly capacityBytes: number;
  readonly write: (write: Write) => void;
  readonly flush: () => Promise<void>;
}

export class DiskHandle {
  private readonly facts: HandleFacts;
  private usedBytes: number;
  private isOpen = true;

  constructor(facts: HandleFacts) {
    this.facts = facts;
    this.usedBytes = [...facts.view.values()].reduce((sum, {length}) => sum + length, 0);
  }

  read(key: string): Uint8Array | undefined {
    return this.facts.view.get(key);
  }

  /** In order of first writing. */
  keys(): readonly string[] {
    return [...this.facts.view.keys()];
  }

  /** Seen at once, durable after {@link flush}. @throws DiskError */
  write(key: string, value: Uint8Array): void {
    this.checkOpen();
    const grown = this.usedBytes + value.length - (this.facts.view.get(key)?.length ?? 0);
    if (grown > this.facts.capacityBytes) throw new DiskError('disk-full');
    this.usedBytes = grown;
    this.put({key, value: value.slice()});
  }

  /** @throws DiskError */
  remove(key: string): void {
    this.checkOpen();
    this.usedBytes -= this.facts.view.get(key)?.length ?? 0;
    this.put({key, value: undefined});
  }

  /** Resolves when everything written before this call is durable; never, when the machine crashes first. @throws DiskError */
  flush(): Promise<void> {
    this.checkOpen();
    return this.facts.flush();
  }

  /** The simulation's call. */
  close(): void {
    this.isOpen = false;
  }

  private put(write: Write): void {
    apply(this.facts.view, write);
    this.facts.write(write);
  }

  private checkOpen(): void {
    if (!this.isOpen) throw new DiskError('disk-gone');
  }
}

function apply(map: Map<string, Uint8Array>, {key, value}: Write): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
