/**
 * @module Long work in short steps. A generator yields where its caller may let others have the thread, and returns the
 * outcome; what it reads must stay as it is meanwhile. The rules do not know who waits, or what a slice of time is.
 */

export type Steps<T> = Generator<undefined, T, undefined>;

/** All steps at once: for callers that may hold their thread. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
