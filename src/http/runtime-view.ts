/**
 * @module The actor tree as plain JSON, and the one snapshot that metrics and inspector share.
 * A snapshot walks every living actor; with ten thousand sessions that is milliseconds, so it is kept for a second.
 */
import type {ActorSnapshot, SystemSnapshot} from '../runtime/snapshot.js';
import type {HttpModules} from './http-parts.js';

const SNAPSHOT_AGE_MS_MAX = 1_000;
/** Longest text of an actor's last error that goes out: its first line says what, the rest names files. */
const ERROR_CHARS_MAX = 200;
const LETTERS_SHOWN = 50;

export class RuntimeView {
  readonly #modules: HttpModules;
  #snapshot: SystemSnapshot | undefined = undefined;
  #takenAtMs = -Infinity;

  constructor(modules: HttpModules) {
    this.#modules = modules;
  }

  snapshot(): SystemSnapshot {
    const {system} = this.#modules;
    const nowMs = system.clock.nowMs();
    if (this.#snapshot === undefined || nowMs - this.#takenAtMs >= SNAPSHOT_AGE_MS_MAX) {
      this.#snapshot = system.snapshot();
      this.#takenAtMs = nowMs;
    }
    return this.#snapshot;
  }

  /** @param limit - most actors listed; `total` says how many there are. */
  json(limit: number): unknown {
    const {system, loopDelay} = this.#modules;
    const {atMs, actors} = this.snapshot();
    return {
      atMs,
      stats: system.stats(),
      ...(loopDelay === undefined ? {} : {loopDelay: loopDelay.read()}),
      deadLetters: {byReason: Object.fromEntries(system.deadLetters.countsByReason()), recent: system.deadLetters.recent().slice(-LETTERS_SHOWN)},
      total: actors.length,
      actors: actors.slice(0, limit).map(shownActor),
    };
  }
}

function shownActor(actor: ActorSnapshot): ActorSnapshot {
  return actor.lastError === undefined ? actor : {...actor, lastError: actor.lastError.split('\n', 1)[0]!.slice(0, ERROR_CHARS_MAX)};
}
