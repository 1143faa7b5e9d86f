/**
 * @module Time and chance as an actor may see them. Production reads the machine; the simulator reads its seed.
 * Nothing in `src/actors` or `src/protocol` reads a clock or draws a random number in any other way.
 */

export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, for header times, logs and people. May jump. */
  wallMs(): number;
}

/** Deterministic under the simulator. Not for keys: secrets come from the operating system at the edges. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). `bound` is at most 2^32. */
  below(bound: number): number;
  uint32(): number;
}
