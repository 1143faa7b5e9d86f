/**
 * @module Who did how much: aggregates per account and rig, from accepted and rejected shares. In memory; rebuilt from
 * the share log at start-up as far as the log window goes. Rejections are not in the log and start at zero.
 */
import type {AccountActivity, HashrateView, RejectReason, RigView, WorkSums} from './messages.js';
import {HashrateEstimate} from './hashrate-estimate.js';

/** Beyond these who was silent longest is forgotten. Forgetting loses statistics, never money. */
const ACCOUNTS_MAX = 100_000;
const RIGS_PER_ACCOUNT_MAX = 10_000;
/** Order is kept to this: to move a busy rig to its place with each share cost more than to count the share. */
const ORDER_STEP_MS = 1_000;
/** Of all accounts together: a share may carry any name, so one cheap share would otherwise be one more rig for ever. */
const RIGS_MAX = 100_000;

export interface StatisticsBounds {
  readonly accountsMax: number;
  readonly rigsPerAccountMax: number;
  readonly rigsMax: number;
}

export interface CountedShare {
  readonly account: string;
  readonly minerName: string;
  readonly userAgent: string;
  /** Of the job: what was announced. */
  readonly difficulty: number;
  readonly hashes: number;
  /** What the hash would have been good for. */
  readonly shareDifficulty: number;
  readonly atMs: number;
}

interface Rig {
  readonly minerName: string;
  userAgent: string;
  readonly hashrate: HashrateEstimate;
  difficulty: number;
  sharesAccepted: number;
  sharesRejected: number;
  lastShareAtMs: number;
  /** When it was put to its place in the order of who was heard. */
  orderedAtMs: number;
}

interface Account {
  readonly account: string;
  readonly hashrate: HashrateEstimate;
  /** Silent longest first. */
  readonly rigs: Map<string, Rig>;
  readonly rejected: Partial<Record<RejectReason, number>>;
  sharesAccepted: number;
  sharesRejected: number;
  hashes: number;
  bestShareDifficulty: number;
  lastShareAtMs: number;
  /** When it was put to its place in the order of who was heard. */
  orderedAtMs: number;
}

export class MinerStatistics {
  readonly rejected: Partial<Record<RejectReason, number>> = {};
  /** Silent longest first, to {@link ORDER_STEP_MS}, as are the rigs. */
  readonly #accounts = new Map<string, Account>();
  readonly #rigs = new Map<Rig, Account>();
  readonly #bounds: StatisticsBounds;
  readonly #hashrate: HashrateEstimate;
  /** Sessions per rig; an entry goes with its last session, so it is bounded by the connections. */
  readonly #connected = new Map<string, number>();
  readonly #connectedOfAccount = new Map<string, number>();
  #connectedCount = 0;
  #hashes = 0;
  #sharesAccepted = 0;
  #sharesRejected = 0;

  /** @param startedAtMs - wall clock of the first share that will be counted, or now: a rate is over the time since. */
  constructor(startedAtMs: number, bounds: StatisticsBounds = {accountsMax: ACCOUNTS_MAX, rigsPerAccountMax: RIGS_PER_ACCOUNT_MAX, rigsMax: RIGS_MAX}) {
    this.#bounds = bounds;
    this.#hashrate = new HashrateEstimate(startedAtMs);
  }

  get accountCount(): number {
    return this.#accounts.size;
  }

  countAccepted(share: CountedShare): void {
    const account = this.#account(share.account, share.atMs);
    account.sharesAccepted += 1;
    account.hashes += share.hashes;
    this.#sharesAccepted += 1;
    this.#hashes += share.hashes;
    account.lastShareAtMs = share.atMs;
    if (share.shareDifficulty > account.bestShareDifficulty) account.bestShareDifficulty = share.shareDifficulty;
    account.hashrate.add(share.hashes, share.atMs);
    const rig = this.#rig(account, share);
    rig.sharesAccepted += 1;
    rig.lastShareAtMs = share.atMs;
    rig.difficulty = share.difficulty;
    if (share.userAgent !== '') rig.userAgent = share.userAgent;
    rig.hashrate.add(share.hashes, share.atMs);
    this.#hashrate.add(share.hashes, share.atMs);
  }

  /** Only accounts and rigs that once had an accepted share are counted by name: anybody can invent names. */
  countRejected(account: string, minerName: string, reason: RejectReason): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + 1;
    this.#sharesRejected += 1;
    const known = this.#accounts.get(account);
    if (known === undefined) return;
    known.rejected[reason] = (known.rejected[reason] ?? 0) + 1;
    known.sharesRejected += 1;
    const rig = known.rigs.get(minerName);
    if (rig !== undefined) rig.sharesRejected += 1;
  }

  countPresence(account: string, minerName: string, change: 1 | -1): void {
    changeCount(this.#connected, rigKey(account, minerName), change);
    changeCount(this.#connectedOfAccount, account, change);
    this.#connectedCount += change;
  }

  /** Of the accounts, those heard last, as far back as asked: a walk over the active ones, and few others. */
  workSums(activeSinceMs: number, limit: number): {readonly pool: WorkSums; readonly accounts: readonly ({readonly account: string} & WorkSums)[]} {
    const accounts: ({readonly account: string} & WorkSums)[] = [];
    for (const known of [...this.#accounts.values()].slice(-limit).reverse()) {
      if (known.orderedAtMs + ORDER_STEP_MS <= activeSinceMs) break;
      if (known.lastShareAtMs < activeSinceMs) continue;
      const {account, hashes, sharesAccepted, sharesRejected} = known;
      accounts.push({account, hashes, sharesAccepted, sharesRejected, connected: this.#connectedOfAccount.get(account) ?? 0});
    }
    const pool = {hashes: this.#hashes, sharesAccepted: this.#sharesAccepted, sharesRejected: this.#sharesRejected, connected: this.#connectedCount};
    return {pool, accounts};
  }

  poolHashrate(nowMs: number): HashrateView {
    return this.#hashrate.view(nowMs);
  }

  /** Everything but the money; of the rigs those heard last. */
  account(account: string, nowMs: number, rigLimit = Infinity): AccountActivity | undefined {
    const known = this.#accounts.get(account);
    return known === undefined ? undefined : this.#accountView(known, nowMs, [...known.rigs.values()].slice(-rigLimit));
  }

  /** Most recently active first. Asked several times a second: the order is kept and not made by sorting. */
  accounts({limit, after}: {readonly limit: number; readonly after?: string}, nowMs: number): Omit<AccountActivity, 'rigs'>[] {
    const end = after === undefined ? undefined : [...this.#accounts.keys()].indexOf(after);
    if (end === -1) return [];
    return [...this.#accounts.values()].slice(0, end).slice(-limit).reverse().map((known) => {
      const {rigs: _rigs, ...view} = this.#accountView(known, nowMs, []);
      return view;
    });
  }

  #accountView(known: Account, nowMs: number, rigs: readonly Rig[]): AccountActivity {
    return {
      account: known.account,
      hashrate: known.hashrate.view(nowMs),
      sharesAccepted: known.sharesAccepted,
      sharesRejected: {...known.rejected},
      bestShareDifficulty: known.bestShareDifficulty,
      lastShareAtSec: Math.floor(known.lastShareAtMs / 1000),
      rigs: rigs.map((rig) => this.#rigView(known.account, rig, nowMs)),
    };
  }

  #rigView(account: string, rig: Rig, nowMs: number): RigView {
    return {
      minerName: rig.minerName,
      userAgent: rig.userAgent,
      hashrate: rig.hashrate.view(nowMs),
      difficulty: rig.difficulty,
      connected: this.#connected.get(rigKey(account, rig.minerName)) ?? 0,
      sharesAccepted: rig.sharesAccepted,
      sharesRejected: rig.sharesRejected,
      lastShareAtSec: Math.floor(rig.lastShareAtMs / 1000),
    };
  }

  #account(name: string, atMs: number): Account {
    const known = this.#accounts.get(name);
    if (known === undefined && this.#accounts.size >= this.#bounds.accountsMax) {
      const silent = oldestOf(this.#accounts.values());
      this.#accounts.delete(silent.account);
      for (const rig of silent.rigs.values()) this.#rigs.delete(rig);
    }
    const account = known ?? {
      account: name, hashrate: new HashrateEstimate(atMs), rigs: new Map<string, Rig>(), rejected: {},
      sharesAccepted: 0, sharesRejected: 0, hashes: 0, bestShareDifficulty: 0, lastShareAtMs: atMs, orderedAtMs: -Infinity,
    };
    if (atMs - account.orderedAtMs >= ORDER_STEP_MS) {
      account.orderedAtMs = atMs;
      moveToEnd(this.#accounts, name, account);
    }
    return account;
  }

  #rig(account: Account, share: CountedShare): Rig {
    const known = account.rigs.get(share.minerName);
    if (known === undefined) {
      if (account.rigs.size >= this.#bounds.rigsPerAccountMax) this.#forgetRig(oldestOf(account.rigs.values()));
      if (this.#rigs.size >= this.#bounds.rigsMax) this.#forgetRig(oldestOf(this.#rigs.keys()));
    }
    const rig = known ?? {
      minerName: share.minerName, userAgent: share.userAgent, hashrate: new HashrateEstimate(share.atMs),
      difficulty: share.difficulty, sharesAccepted: 0, sharesRejected: 0, lastShareAtMs: share.atMs, orderedAtMs: -Infinity,
    };
    if (share.atMs - rig.orderedAtMs >= ORDER_STEP_MS) {
      rig.orderedAtMs = share.atMs;
      moveToEnd(account.rigs, share.minerName, rig);
      moveToEnd(this.#rigs, rig, account);
    }
    return rig;
  }

  #forgetRig(rig: Rig): void {
    this.#rigs.get(rig)?.rigs.delete(rig.minerName);
    this.#rigs.delete(rig);
  }
}

function rigKey(account: string, minerName: string): string {
  return `${account}\n${minerName}`;
}

function changeCount(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

/** A `Map` walks in the order of insertion: what is inserted anew with each use stands in the order of use. */
function moveToEnd<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function oldestOf<T>(values: IterableIterator<T>): T {
  return values.next().value as T;
}
