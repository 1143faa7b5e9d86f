/**
 * @module The answer to outside data: it keeps the rules, or it breaks one with a name.
 * `code` is the field's own reject string where one exists (BIP 22, Bitcoin Core), so vectors compare by string.
 */
export type Verdict<T = undefined, C extends string = string> =
  | ([T] extends [undefined] ? {readonly ok: true} : {readonly ok: true; readonly value: T})
  | Rejection<C>;

export interface Rejection<C extends string = string> {
  readonly ok: false;
  readonly code: C;
  /** What was seen and what was allowed, for people. */
  readonly detail?: string;
}

export function reject<C extends string>(code: C, detail?: string): Rejection<C> {
  return detail === undefined ? {ok: false, code} : {ok: false, code, detail};
}

/** A broken invariant of our own: a bug. Crashes the actor; its supervisor decides. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`);
}

/** Ends a `switch` over a union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new Error(`unexpected variant: ${JSON.stringify(value)}`);
}
