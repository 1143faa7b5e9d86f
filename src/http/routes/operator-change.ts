/**
 * @module What every route of the operator's part has in common: its refusals, its bounds, and the record of a change.
 */
import type {FastifyRequest} from 'fastify';
import {HttpFault} from '../http-fault.js';
import type {HttpOperator} from '../http-parts.js';
import * as shape from '../json-schemas.js';

/** A ban with its note. */
const OPERATOR_BODY_BYTES_MAX = 4_096;
const OUTCOME_CHARS_MAX = 200;
export const OPERATOR_FAULTS = {400: shape.fault, 401: shape.fault, 404: shape.fault, 409: shape.fault, 429: shape.fault, 503: shape.fault, 504: shape.fault};
export const OPERATOR_SECURITY = [{operator: []}];
export const OPERATOR_OPTIONS = {bodyLimit: OPERATOR_BODY_BYTES_MAX, config: {freshness: 'private'}} as const;

interface Change {
  readonly request: FastifyRequest;
  readonly action: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The intent is on disk before the change is made: a crash between the two leaves the intent. */
export async function recorded<T>({audit}: HttpOperator, {request, action, detail}: Change, act: () => Promise<T>): Promise<T> {
  const from = request.ip;
  await audit.record({action, from, detail, outcome: 'asked'});
  try {
    const result = await act();
    await audit.record({action, from, detail, outcome: 'done'});
    return result;
  } catch (error) {
    await audit.record({action, from, detail, outcome: error instanceof HttpFault ? `refused: ${error.message}`.slice(0, OUTCOME_CHARS_MAX) : 'failed'});
    throw error;
  }
}
