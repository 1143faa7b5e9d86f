/**
 * @module May a transaction take the place of those that spend its coins already? BIP 125, as opt-in: each of them must have
 * said so by a sequence below 0xfffffffe. Rules by their numbers there; codes as Bitcoin Core's.
 */
import type {Sats, Transaction} from '../primitives/transaction.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import type {MempoolEntry} from './mempool-entry.js';

export type ReplacementRejectCode =
  | 'txn-mempool-conflict' | 'insufficient fee' | 'too many potential replacements' | 'replacement-adds-unconfirmed' | 'bad-txns-spends-conflicting-tx';

/** The highest sequence that says: may be replaced. */
export const REPLACEABLE_SEQUENCE_MAX = 0xfffffffd;
/** Rule 5: what one transaction may push out is bounded, because all of it is looked at. */
const REPLACED_MAX = 100;

export interface Replacement {
  readonly feeSats: Sats;
  readonly vsize: number;
  /** In-pool parents of the new transaction. */
  readonly parents: ReadonlySet<MempoolEntry>;
  /** Those that spend one of its coins. */
  readonly conflicts: ReadonlySet<MempoolEntry>;
  /** The conflicts and all their descendants. */
  readonly leaving: ReadonlySet<MempoolEntry>;
}

export function isReplaceable({inputs}: Pick<Transaction, 'inputs'>): boolean {
  return inputs.some(({sequence}) => sequence <= REPLACEABLE_SEQUENCE_MAX);
}

export function checkReplacement({feeSats, vsize, parents, conflicts, leaving}: Replacement, incrementalSatsPerKvb: Sats): Verdict<undefined, ReplacementRejectCode> {
  for (const {transaction} of conflicts) if (!isReplaceable(transaction)) return reject('txn-mempool-conflict');
  if (leaving.size > REPLACED_MAX) return reject('too many potential replacements', `${leaving.size} > ${REPLACED_MAX}`);
  for (const parent of parents) {
    if (leaving.has(parent)) return reject('bad-txns-spends-conflicting-tx');
    // Rule 2: no unconfirmed input that none of the replaced had.
    if (![...conflicts].some((conflict) => conflict.parents.has(parent))) return reject('replacement-adds-unconfirmed');
  }
  let leavingFeeSats = 0n;
  for (const entry of leaving) leavingFeeSats += entry.feeSats;
  for (const conflict of conflicts) {
    if (feeSats * BigInt(conflict.vsize) <= conflict.feeSats * BigInt(vsize)) return reject('insufficient fee', 'no higher rate than what it replaces');
  }
  // Rules 3 and 4: it pays for all that leaves, and for its own relay on top.
  const least = leavingFeeSats + (incrementalSatsPerKvb * BigInt(vsize) + 999n) / 1000n;
  return feeSats < least ? reject('insufficient fee', `${feeSats} < ${least}`) : {ok: true};
}
