/**
 * @module Every decision that a simulation takes by chance, as one list of small numbers: who runs next, whether a packet is
 * lost, how late it comes, what a crash leaves on the disk. 0 always means the plain course: first come first served, no
 * fault, no delay. A recorded list replays the run exactly, and a list with more zeros is a simpler run: that is what
 * `shrink.ts` looks for.
 */

export class Choices {
  private readonly given: readonly number[] | undefined;
  private readonly taken: number[] = [];

  /** @param replay - a recorded list; beyond its end everything takes the plain course. */
  constructor(replay?: readonly number[]) {
    this.given = replay;
  }

  /**
   * @param bound - how many alternatives there are.
   * @param propose - draws one in a run that is not a replay.
   */
  take(bound: number, propose: () => number): number {
    if (bound <= 1) return 0;
    const wanted = this.given === undefined ? propose() : (this.given[this.taken.length] ?? 0);
    const choice = Math.min(wanted, bound - 1);
    this.taken.push(choice);
    return choice;
  }

  /** What was decided so far. */
  get recorded(): readonly number[] {
    return this.taken;
  }
}
