/** @module What must hold after every step of a simulation, and the error that says which did not. */

export interface Invariant {
  readonly name: string;
  /** @returns what is wrong, in words with the values; `undefined` while it holds. Cheap: it runs after every step. */
  check(): string | undefined;
}

export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}
