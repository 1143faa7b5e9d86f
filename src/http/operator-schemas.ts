/**
 * @module The shapes of the operator's part.
 */
import {count, described, list, number, object, oneOf, text, timeSec} from './json-schemas.js';

export {page, pageQuery} from './api-schemas.js';

export const session = object({
  id: count, remoteEndpoint: described(text, 'Where the connection comes from.'), userAgent: text, connectedAtSec: timeSec,
  accounts: list(object({account: text, minerName: text})), difficulty: number, hashrate: number, sharesAccepted: count, sharesRejected: count, 'lastRejectText?': text,
});

export const settings = {type: 'object', additionalProperties: true, description: 'By dotted key. Secrets read `(set)` or `(empty)`.'};

export const auditEntry = object({
  atSec: timeSec, action: text, from: described(text, 'Address of the caller.'), detail: {type: 'object', additionalProperties: true},
  outcome: described(text, '`asked` before the change is made, then `done`, `refused: why` or `failed`.'),
});

export const payoutRun = object({'id?': described(count, 'Of the payout; absent when nobody is to be paid.')});

export const ban = object({
  network: described(text, 'An address, or a network as `10.0.0.0/8`.'), reason: text, note: described(text, 'An operator\'s words.'), sinceSec: timeSec,
  'untilSec?': described(timeSec, 'Absent: until it is lifted.'), strikes: described(count, 'Each ban of a network lasts twice as long as the one before.'),
});

/** The mining pool judges what is a network; here only what is certainly none is kept out. */
export const network = {type: 'string', minLength: 2, maxLength: 64, pattern: '^[0-9A-Fa-f.:/]+$'};

/** Ten years: longer is for ever, which is said by leaving it out. */
const BAN_SEC_MAX = 315_360_000;
export const banRequest = object({
  network, 'durationSec?': {type: 'integer', minimum: 1, maximum: BAN_SEC_MAX, description: 'Absent: until it is lifted.'},
  'note?': {type: 'string', maxLength: 200, default: ''},
});
export const banAnswer = object({ban, endedSessions: count});

const alert = object({
  id: count, kind: text, state: oneOf('notice', 'raised', 'resolved'), severity: oneOf('good', 'info', 'warning', 'critical'), title: text, text,
  facts: {type: 'object', additionalProperties: text}, atSec: timeSec,
});
export const alerts = object({
  active: list(alert, 'What stands now.'), recent: list(alert, 'What was told, newest first.'),
  destinations: list(object({
    host: described(text, 'Of the webhook; the rest of its address is a secret.'), format: oneOf('discord', 'json'), minSeverity: text, sent: count,
    lost: described(count, 'Given up, or pushed out of a full queue.'), waiting: count, 'lastProblem?': text,
  })),
});
