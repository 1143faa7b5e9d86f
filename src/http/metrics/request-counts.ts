/**
 * @module What this server itself did: answers by route and status class, and the time that they took.
 * Routes are counted by their pattern, never by what a stranger typed: the table cannot grow.
 */
import type {Labels} from './exposition.js';

interface RouteCounts {
  readonly route: string;
  readonly status: string;
  answers: number;
  seconds: number;
}

export class RequestCounts {
  readonly #counts = new Map<string, RouteCounts>();

  count(route: string | undefined, statusCode: number, tookMs: number): void {
    const facts = {route: route ?? 'page', status: `${Math.floor(statusCode / 100)}xx`};
    const key = `${facts.route} ${facts.status}`;
    let counts = this.#counts.get(key);
    if (counts === undefined) this.#counts.set(key, counts = {...facts, answers: 0, seconds: 0});
    counts.answers += 1;
    counts.seconds += tookMs / 1000;
  }

  samples(field: 'answers' | 'seconds'): (readonly [Labels, number])[] {
    return [...this.#counts.values()].map((counts) => [{route: counts.route, status: counts.status}, counts[field]]);
  }
}
