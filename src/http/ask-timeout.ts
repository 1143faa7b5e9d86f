/**
 * @module How long a question of the HTTP server to an actor may take.
 */

/** A question that is not answered by then is asked anew. */
export const ASK_TIMEOUT_MS = 5_000;
