/**
 * @module The shapes of the API's answers beside the overview's: miners, history, found blocks, payouts, nodes.
 * The same schemas check what comes in, write what goes out, and stand in the OpenAPI document.
 */
import {CURSOR_CHARS_MAX} from './page-cursor.js';
import {count, countsByName, windows, described, flag, hashHex, list, number, object, oneOf, sats, text, timeSec, hashrate, rig, type JsonSchema} from './json-schemas.js';

/** The longest address of any preset (bech32m, BIP 173) and some room. */
const ADDRESS_CHARS_MAX = 100;

export const address: JsonSchema = {type: 'string', pattern: '^[A-Za-z0-9]+$', maxLength: ADDRESS_CHARS_MAX};
export const addressParam = object({address});
export const blockParam = object({hash: hashHex});

export function pageQuery(preset: number, most: number, more: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  return object({
    'limit?': {type: 'integer', minimum: 1, maximum: most, default: preset},
    'cursor?': {type: 'string', pattern: '^[A-Za-z0-9_-]+$', maxLength: CURSOR_CHARS_MAX, description: '`nextCursor` of the page before.'},
    ...more,
  });
}

export function page(items: JsonSchema, description: string): JsonSchema {
  return object({items: list(items, description), 'nextCursor?': described(text, 'Absent on the last page.')});
}

export const resolutionQuery = object({
  'resolution?': {...oneOf('1m', '10m', '1h'), default: '1m', description: 'A minute for a day, ten for a week, an hour for a year.'},
  'fromSec?': described(timeSec, 'Only points that begin at or after this time.'),
});

export const history = object({
  resolution: oneOf('1m', '10m', '1h'), bucketSec: count,
  points: list(object({
    atSec: timeSec, hashesPerSec: number, coveredSec: described(number, 'How much of the time the pool watched; the rate is over it.'),
    sharesAccepted: count, sharesRejected: count, connectedMax: described(count, 'Most sessions at one time.'),
  }), 'Oldest first; the last one still grows. A time that nobody watched has no point.'),
});

export {windows};

export const minerSummary = object({
  account: text, hashrate, sharesAccepted: count, sharesRejected: count, bestShareDifficulty: number, 'lastShareAtSec?': timeSec,
});

export const miner = object({
  account: text, hashrate, 'windows?': described(windows, 'Absent where this account has no history of its own.'),
  sharesAccepted: count, sharesRejected: described(countsByName, 'By reason, since the process started.'), bestShareDifficulty: number, 'lastShareAtSec?': timeSec,
  pendingSats: described(sats, 'Credits of blocks not yet mature.'), balanceSats: described(sats, 'Matured and not paid.'),
  payingSats: described(sats, 'Reserved for a payout under way.'), debtSats: described(sats, 'Paid for blocks that the chain has left since; later earnings go here first.'),
  'paidSats?': described(sats, 'Confirmed payouts. Absent where this pool pays nobody.'), 'thresholdSats?': described(sats, 'Balance from which it is paid.'),
  rigs: list(object(rig), 'Heard last first.'),
});

const foundFields = {
  height: count, hash: hashHex, account: text, minerName: text, foundAtSec: timeSec,
  status: oneOf('pending', 'confirmed', 'orphaned', 'rejected'), confirmations: {type: 'integer'}, rewardSats: sats, feeSats: described(sats, 'Kept by the pool.'),
  effort: described(number, 'Work of the round over the expected work: 1 is par.'), creditCount: described(count, 'Accounts that share the reward.'),
};
export const foundBlock = object(foundFields);
export const foundBlockDetail = object({
  ...foundFields, credits: list(object({account: text, sats}), 'Largest first; adds up to the reward with the fee.'), maturityBlocks: count,
});

/** Work is in expected hashes and may be above 2^53. */
const work: JsonSchema = {type: 'string', pattern: '^[0-9]+$', description: 'Expected hashes as decimal text.'};
export const blockSplit = object({
  hash: hashHex, terms: object({scheme: text, feePpm: count, donationPpm: count, donationAccount: text}), subsidySats: sats,
  firstSeq: described(count, 'First share that counts; 0 where the scheme has no window.'), lastSeq: count, totalWork: work, work: list(object({account: text, work})),
  'shareRoot?': {...hashHex, description: 'What share proofs lead to. Absent for the moment that it takes to compute.'},
});

export const luck = object({
  roundEffort: number,
  windows: list(object({blocks: count, luck: described(number, 'Expected work over the work done, for the newest blocks: above 1 is lucky.')}), 'Over the newest ten, fifty, hundred blocks, as far as there are so many.'),
});

export const payout = object({
  id: count, kind: oneOf('payout', 'consolidation'), state: oneOf('planned', 'recorded', 'signed', 'broadcast', 'confirmed', 'failed'), plannedAtSec: timeSec, changedAtSec: timeSec,
  paidSats: sats, feeSats: sats, feeRateSatsPerVb: number, vsize: count, 'txid?': hashHex, replacedTxids: list(hashHex, 'Replaced with a higher fee (BIP 125).'),
  confirmations: count, 'height?': count, payeeCount: count, payees: list(object({account: text, sats, feeSats: sats}), 'At most a hundred.'), 'problem?': text,
});

export const payoutRules = object({
  isPaused: flag, thresholdSats: sats, intervalSec: count, confirmationsNeeded: count, feeFrom: oneOf('pool', 'miners'),
  payableSats: described(sats, 'Matured, above the threshold, and not in a payout.'), payableCount: count,
  'lastPayoutAtSec?': timeSec, 'nextRunAtSec?': timeSec, 'problem?': text,
});

export const node = object({
  kind: oneOf('local', 'upstream'), isStalled: described(flag, 'No healthy node confirms the work: miners wait.'), 'servingNode?': text, 'workHeight?': count, 'confirmedAgoMs?': number,
  nodes: list(object({
    name: text, state: text, detail: text, isServing: flag, 'height?': count, 'tipHash?': hashHex, lagBlocks: count, 'peers?': count, version: text,
    'latencyMs?': number, 'lastAnswerAgoMs?': number, failures: count,
  })),
});
