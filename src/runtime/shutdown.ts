/**
 * @module The way down in named phases, in order, each with a deadline, and an account of what each one abandoned.
 *
 * The phases are data of whoever composes the node; this decides only order, deadlines, and what a second call means:
 * the phase in hand is cut short and only phases marked `isEssential` (persist, close) still run. A task that overstays
 * is abandoned, not killed: its AbortSignal tells it, and the report names it. One task's failure stops nothing.
 */
import type {Log} from './log.js';

export interface ShutdownPhase {
  readonly name: string;
  readonly deadlineMs: number;
  /** Still runs after a second call. Put these last. */
  readonly isEssential?: boolean;
}

export type ShutdownTask = (signal: AbortSignal) => void | Promise<void>;

export interface PhaseReport {
  readonly phase: string;
  /** `hurried`: cut short by a second call. `skipped`: never begun because of one. */
  readonly outcome: 'done' | 'deadline' | 'hurried' | 'skipped';
  readonly tookMs: number;
  /** Tasks that had not ended, by name. */
  readonly abandoned: readonly string[];
  readonly failed: readonly {readonly task: string; readonly error: unknown}[];
}

export interface ShutdownReport {
  readonly reason: string;
  readonly phases: readonly PhaseReport[];
  readonly isClean: boolean;
}

/** What it needs of an actor system; the system itself fits. */
export interface ShutdownHost {
  readonly clock: {nowMs(): number};
  readonly log: Log;
  after(delayMs: number, act: () => void): () => void;
}

interface NamedTask {
  readonly name: string;
  readonly run: ShutdownTask;
}

export class CoordinatedShutdown {
  private readonly host: ShutdownHost;
  private readonly phases: readonly ShutdownPhase[];
  private readonly tasks = new Map<string, NamedTask[]>();
  private running: Promise<ShutdownReport> | undefined = undefined;
  private isHurried = false;
  private cutShort: (() => void) | undefined = undefined;

  constructor(host: ShutdownHost, phases: readonly ShutdownPhase[]) {
    this.host = host;
    this.phases = phases;
    for (const {name} of phases) this.tasks.set(name, []);
    if (this.tasks.size !== phases.length) throw new Error('two shutdown phases have the same name');
  }

  /** Tasks of one phase run together. @throws Error for a phase that does not exist. */
  add(phase: string, name: string, run: ShutdownTask): void {
    const tasks = this.tasks.get(phase);
    if (tasks === undefined) throw new Error(`no shutdown phase ${phase}`);
    tasks.push({name, run});
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** The first call begins; a second one hurries. Both resolve to the one report. */
  run(reason: string): Promise<ShutdownReport> {
    if (this.running === undefined) {
      this.running = this.runPhases(reason);
    } else if (!this.isHurried) {
      this.isHurried = true;
      this.host.log.warn({code: 'shutdown-hurried', reason}, 'a second request: only the essential phases remain');
      this.cutShort?.();
    }
    return this.running;
  }

  private async runPhases(reason: string): Promise<ShutdownReport> {
    this.host.log.info({code: 'shutdown-begins', reason}, 'shutting down');
    const phases: PhaseReport[] = [];
    for (const phase of this.phases) {
      if (this.isHurried && phase.isEssential !== true) {
        const abandoned = this.tasks.get(phase.name)!.map((task) => task.name);
        phases.push({phase: phase.name, outcome: 'skipped', tookMs: 0, abandoned, failed: []});
        continue;
      }
      const report = await this.runPhase(phase);
      phases.push(report);
      if (report.abandoned.length > 0 || report.failed.length > 0) {
        const {outcome, abandoned, failed} = report;
        this.host.log.warn({code: 'shutdown-phase-incomplete', phase: phase.name, outcome, abandoned, failed: failed.map((failure) => failure.task)},
          'a shutdown phase did not end cleanly');
      }
    }
    const isClean = phases.every((report) => report.abandoned.length === 0 && report.failed.length === 0);
    return {reason, phases, isClean};
  }

  private async runPhase(phase: ShutdownPhase): Promise<PhaseReport> {
    const startMs = this.host.clock.nowMs();
    const open = new Set<string>();
    const failed: {task: string; error: unknown}[] = [];
    const abort = new AbortController();
    let outcome: PhaseReport['outcome'] = 'done';
    const ended = Promise.all(this.tasks.get(phase.name)!.map(async (task) => {
      open.add(task.name);
      try {
        await task.run(abort.signal);
      } catch (error) {
        // After the phase is over, its report is written: late failures were reported as abandoned.
        failed.push({task: task.name, error});
      }
      open.delete(task.name);
    }));
    const cut = new Promise<void>((resolve) => {
      const cancel = this.host.after(phase.deadlineMs, () => {
        outcome = 'deadline';
        resolve();
      });
      // An essential phase is what a hurried shutdown still waits for.
      this.cutShort = phase.isEssential === true ? undefined : () => {
        outcome = 'hurried';
        resolve();
      };
      void ended.then(cancel);
    });
    await Promise.race([ended, cut]);
    this.cutShort = undefined;
    const report = {phase: phase.name, outcome, tookMs: this.host.clock.nowMs() - startMs, abandoned: [...open], failed: [...failed]};
    if (open.size > 0) abort.abort(new Error(`shutdown phase ${phase.name} is over`));
    return report;
  }
}
