/**
 * @module The log as an actor sees it: pino's shape, so that pino itself fits, and a test can listen.
 * The first argument carries the facts, always with a stable `code` that stands in docs/error-codes.md or docs/log-codes.md.
 */
export interface Log {
  debug(facts: LogFacts, text: string): void;
  info(facts: LogFacts, text: string): void;
  warn(facts: LogFacts, text: string): void;
  error(facts: LogFacts, text: string): void;
  child(bindings: Readonly<Record<string, unknown>>): Log;
}

export interface LogFacts {
  readonly code: string;
  readonly [fact: string]: unknown;
}
