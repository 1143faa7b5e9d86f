/**
 * @module What every part of a process is built on: the config, the chain, the actor system, the threads and the way down.
 */
import type {Config} from '../config.js';
import type {ChainSpec, CoinSpec} from '../protocol/chain/chain-spec.js';
import type {ActorSystem} from '../runtime/system.js';
import type {ActorRef} from '../runtime/actor.js';
import type {CoordinatedShutdown} from '../runtime/shutdown.js';
import type {Log} from '../runtime/log.js';
import type {PoolReport, ShareHasher, SignatureVerifier} from '../workers/tasks.js';
import type {PhaseName} from './shutdown-phases.js';

/** The worker pool or its in-thread twin. */
export interface Threads {
  readonly signatures: SignatureVerifier;
  readonly shares: ShareHasher;
  report(): readonly PoolReport[];
  close(): Promise<void>;
}

export interface Site {
  readonly config: Config;
  readonly spec: CoinSpec;
  /** The same with the rules of its blocks; undefined for a coin whose blocks only nodes elsewhere judge. */
  readonly rules: ChainSpec | undefined;
  readonly system: ActorSystem;
  readonly shutdown: CoordinatedShutdown;
  readonly threads: Threads;
  readonly log: Log;
  readonly version: string;
}

/** Where the process can be reached, as the ready file and the terminal say it. */
export interface Endpoints {
  readonly stratum?: string;
  readonly stratumTls?: string;
  readonly http?: string;
  readonly rpc?: string;
}

/** Lets the rest of the thread have a turn. */
export const yieldTurn = (): Promise<void> => new Promise((resolve) => {
  setImmediate(resolve);
});

/** Stops an actor in a phase: what waits in its mailbox is still handled. */
export function stopsIn(site: Site, phase: PhaseName, ref: ActorRef<never>): void {
  site.shutdown.add(phase, ref.path, () => site.system.stop(ref, 'drain'));
}
