/**
 * @module One simulated miner over all its connections: when its next share is due, what is wrong with it on purpose, how
 * it reads, and when it leaves and comes back. The words on the wire are the session's, the books the counts'.
 */
import {SeededRandom} from '../runtime/seeded-random.js';
import type {CrowdCounts} from './crowd-counts.js';
import {HASHES_PER_DIFFICULTY_ONE} from '../protocol/stratum/difficulty.js';
import {DIALECTS} from './dialects.js';
import type {ScheduledEvent} from './event-heap.js';
import type {MinerLink, OpenLink} from './miner-link.js';
import type {MinerPlan} from './miner-plan.js';
import {MinerSession, type MinerHost, type Submission} from './miner-session.js';
import {FAULTS, type Intent} from './profiles.js';
import {hashesPerShare, type ShareSearch} from './share-search.js';

/** What a miner needs of its thread. */
export interface CrowdServices {
  readonly counts: CrowdCounts;
  readonly endpoint: {readonly host: string; readonly port: number};
  readonly password: string;
  readonly openLink: OpenLink;
  readonly isFinishing: boolean;
  nowMs(): number;
  after(delayMs: number, run: () => void): ScheduledEvent;
  /** Calls `searchSlice` in turn with the others until it says that it is done. */
  search(miner: LoadMiner): void;
}

interface DueShare {
  readonly intent: Intent;
  readonly dueMs: number;
}

/** A miner that may wish wishes for a share in so many seconds. */
const SUGGESTED_INTERVAL_SEC = 5;
const GREETING_TIMEOUT_MS = 30_000;
const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 8_000;
/** A share of an old tip is stale without doubt once every grace is over. */
const STALE_AGE_MIN_MS = 6_000;
/** Arrivals kept while the machine hashes too slowly; more are counted as skipped. */
const DUE_MAX = 32;
/** A hash above the target is rare only where nearly every hash is a share. */
const ABOVE_TRIES = 64;
const LEAVE_POLL_MS = 50;
const LEAVE_TRIES = 100;
const SLOW_READ_MS = 500;
const SLOW_PAUSE_MS = 6_000;
const DRIP_MS = 4_000;

export class LoadMiner implements MinerHost {
  readonly plan: MinerPlan;
  readonly #services: CrowdServices;
  readonly #random: SeededRandom;
  #link: MinerLink | undefined;
  #session: MinerSession | undefined;
  #isOpen = false;
  #isCut = false;
  #isLeaving = false;
  #startedAtMs = 0;
  #reconnectMs = RECONNECT_MIN_MS;
  #sessionName: string | undefined;
  #hadWork = false;
  /** Shares a second at the present difficulty, and since when. */
  #rate = 0;
  #rateSinceMs = 0;
  #nextShare: ScheduledEvent | undefined;
  #leaving: ScheduledEvent | undefined;
  #due: DueShare[] = [];
  #search: ShareSearch | undefined;
  #searchIntent: Intent = 'share';
  #triedAbove = 0;
  #isQueued = false;

  constructor(plan: MinerPlan, services: CrowdServices) {
    this.plan = plan;
    this.#services = services;
    this.#random = new SeededRandom(plan.seed);
  }

  get submitsOpen(): number {
    return this.#session?.pendingCount ?? 0;
  }

  get difficulty(): number | undefined {
    return this.#session?.difficulty;
  }

  connect(): void {
    const {counts, endpoint, openLink} = this.#services;
    if (this.#link !== undefined || this.#services.isFinishing) return;
    counts.count('attempted');
    this.#startedAtMs = this.#services.nowMs();
    this.#isCut = false;
    this.#isLeaving = false;
    this.#hadWork = false;
    this.#session = new MinerSession({
      dialect: DIALECTS[this.plan.dialect], userName: this.plan.userName, password: this.#services.password, resumes: this.#sessionName,
      suggestsDifficulty: (Math.max(1, this.plan.hashrate) * SUGGESTED_INTERVAL_SEC) / HASHES_PER_DIFFICULTY_ONE,
    }, this);
    this.#link = openLink({...endpoint, sourceAddress: this.plan.sourceAddress}, {
      opened: () => this.#opened(),
      received: (text) => this.#session?.received(text, this.#services.nowMs()),
      closed: (code) => this.#closed(code),
    });
  }

  /** Drops the connection without a word; it comes back after `backAfterMs`. */
  cut(backAfterMs: number): void {
    if (this.#link === undefined) return;
    this.#isCut = true;
    this.#link.destroy();
    if (this.#services.isFinishing) return;
    this.#services.counts.count('cut by the harness');
    this.#services.after(backAfterMs, () => this.connect());
  }

  /** No more submits; what is unread is read, so that every answer that was sent is counted. */
  finish(): void {
    this.#stopSharing();
    this.#link?.resume();
  }

  /** @returns whether there is nothing left to search; `hashes` is what it cost. */
  searchSlice(countMax: number): {readonly isDone: boolean; readonly hashes: number} {
    const due = this.#due[0];
    const session = this.#session;
    if (due === undefined || session === undefined || !session.hasWork) return this.#searchEnded(0);
    // A new tip while it waited: what was left just now may still be within a pool's grace.
    if (due.intent === 'stale' && (session.staleAgeMs(this.#services.nowMs()) ?? 0) < STALE_AGE_MIN_MS) return this.#searchEnded(0);
    if (this.#searchIntent !== due.intent) this.#search = undefined;
    this.#searchIntent = due.intent;
    this.#search ??= session.beginSearch(due.intent, {nonce: this.#random.uint32(), bits: this.#random.uint32()});
    if (this.#search === undefined) return this.#searchEnded(0);
    const {found, tried} = this.#search.slice(session.goalOf(due.intent), due.intent === 'low-difficulty' ? Math.min(ABOVE_TRIES, countMax) : countMax);
    if (found === undefined) {
      if (due.intent !== 'low-difficulty' || (this.#triedAbove += tried) < ABOVE_TRIES) return {isDone: false, hashes: tried};
      return this.#searchEnded(tried);
    }
    // A block is too good to be spoilt, and a pool may take it in spite of every fault.
    if (found.blockHashHex !== undefined && due.intent !== 'share') return {isDone: false, hashes: tried};
    const nowMs = this.#services.nowMs();
    this.#services.counts.sendLag.addMs(nowMs - due.dueMs);
    if (found.blockHashHex !== undefined) this.#services.counts.blockSolved(found.blockHashHex, nowMs);
    this.#services.counts.sent(this.plan, due.intent);
    session.submit(this.#search, found, due.intent, nowMs);
    return this.#searchEnded(tried);
  }

  send(text: string): void {
    this.#link?.write(text);
  }

  authorised(nowMs: number): void {
    const {counts} = this.#services;
    counts.count('authorised');
    counts.authorised += 1;
    this.#reconnectMs = RECONNECT_MIN_MS;
    this.#sessionName = this.#session?.sessionName;
    const {reads, reconnectMeanSec} = this.plan.behaviour;
    if (reads === 'not-at-all') this.#services.after(1_000, () => this.#link?.pause());
    if (reads === 'slowly') this.#readSlowly(false, this.#link);
    if (reconnectMeanSec !== undefined) this.#leaving = this.#services.after(this.#exponentialMs(1 / reconnectMeanSec), () => this.#leave());
    this.#rateSinceMs = nowMs;
  }

  refused(text: string): void {
    this.#services.counts.count('refused by the pool');
    this.#services.counts.failed(text);
    this.#link?.destroy();
  }

  workChanged(nowMs: number): void {
    if (!this.#hadWork) {
      this.#hadWork = true;
      this.#services.counts.firstJobTime.addMs(nowMs - this.#startedAtMs);
    }
    // Begun anew on the newest work, as every miner does; a Poisson process does not remember, so nothing is lost.
    this.#search = undefined;
    if (this.#services.isFinishing || this.#isLeaving) return;
    if (this.plan.behaviour.submits === 'closed-loop') {
      if (this.submitsOpen === 0 && this.#due.length === 0) this.#shareDue(nowMs);
      return;
    }
    this.#accrue(nowMs);
    const rate = this.plan.hashrate / hashesPerShare(this.#session!.difficulty ?? Infinity);
    if (rate === this.#rate && this.#nextShare?.run !== undefined) return;
    this.#rate = rate;
    this.#scheduleShare();
  }

  tipChanged(previousHash: Uint8Array, nowMs: number): void {
    // Who does not read on purpose says nothing about when it was sent.
    if (this.plan.behaviour.reads !== undefined) return;
    this.#services.counts.tipArrived(Buffer.from(previousHash).toString('hex'), nowMs);
  }

  answered(submission: Submission, outcome: string, nowMs: number): void {
    // A miner that reads late on purpose would be measuring itself.
    const tookMs = this.plan.behaviour.reads === undefined ? nowMs - submission.sentAtMs : undefined;
    this.#services.counts.answered(this.plan, submission.intent, {outcome, tookMs});
    if (this.plan.behaviour.submits === 'closed-loop' && !this.#services.isFinishing && this.#due.length === 0) this.#shareDue(nowMs);
  }

  strayAnswer(line: string): void {
    this.#services.counts.strayAnswers += 1;
    this.#services.counts.failed(`stray answer ${line.slice(0, 40)}`);
  }

  reconnectAsked(waitSec: number): void {
    this.#services.counts.count('moved at the pool\'s wish');
    this.#services.after(waitSec * 1_000, () => this.cut(0));
  }

  #opened(): void {
    const {counts} = this.#services;
    this.#isOpen = true;
    counts.count('opened');
    counts.connected += 1;
    counts.connectTime.addMs(this.#services.nowMs() - this.#startedAtMs);
    const session = this.#session!;
    if (this.plan.behaviour.dripsGreeting === true) return this.#drip(session.greetingText, 0, this.#link);
    session.opened();
    this.#services.after(GREETING_TIMEOUT_MS, () => {
      if (this.#session !== session || session.isAuthorised) return;
      counts.count('timed out in the greeting');
      this.#link?.destroy();
    });
  }

  #closed(code: string | undefined): void {
    const {counts} = this.#services;
    const session = this.#session!;
    this.#stopSharing();
    if (this.#leaving !== undefined) this.#leaving.run = undefined;
    for (const {intent} of session.takePending()) counts.unanswered(this.plan, intent, {isAbandoned: this.#isCut || this.plan.behaviour.isHostile === true});
    if (session.isAuthorised) counts.authorised -= 1;
    if (this.#isOpen) counts.connected -= 1;
    if (!this.#isCut) {
      counts.count(!this.#isOpen ? 'failed to open' : session.isAuthorised ? 'closed by the pool' : 'closed by the pool in the greeting');
      if (code !== undefined) counts.failed(code);
    }
    this.#isOpen = false;
    this.#link = undefined;
    this.#session = undefined;
    if (this.#isCut || this.#services.isFinishing) return;
    this.#services.after(this.#reconnectMs * (0.5 + this.#random.next()), () => this.connect());
    this.#reconnectMs = Math.min(RECONNECT_MAX_MS, this.#reconnectMs * 2);
  }

  /** With its answers in hand, as firmware that is told to restart does; not for ever. */
  #leave(triesLeft = LEAVE_TRIES): void {
    this.#isLeaving = true;
    this.#stopSharing();
    if (this.submitsOpen === 0 || triesLeft === 0) return this.cut(this.#random.next() * 1_000);
    this.#leaving = this.#services.after(LEAVE_POLL_MS, () => this.#leave(triesLeft - 1));
  }

  #stopSharing(): void {
    this.#accrue(this.#services.nowMs());
    this.#rate = 0;
    if (this.#nextShare !== undefined) this.#nextShare.run = undefined;
    this.#due = [];
    this.#search = undefined;
  }

  #accrue(nowMs: number): void {
    this.#services.counts.sharesPlanned += (this.#rate * Math.max(0, nowMs - this.#rateSinceMs)) / 1_000;
    this.#rateSinceMs = nowMs;
  }

  #scheduleShare(): void {
    if (this.#nextShare !== undefined) this.#nextShare.run = undefined;
    if (this.#rate === 0) return;
    this.#nextShare = this.#services.after(this.#exponentialMs(this.#rate), () => {
      this.#shareDue(this.#services.nowMs());
      this.#scheduleShare();
    });
  }

  #shareDue(nowMs: number): void {
    const intent = this.#drawIntent(nowMs);
    if (intent === 'garbage') {
      this.#services.counts.intents.garbage.sent += 1;
      this.#link?.write('mining.submit please\n');
      return;
    }
    if (intent === 'duplicate') {
      this.#services.counts.sent(this.plan, intent);
      this.#session!.repeatLast(nowMs);
      return;
    }
    if (this.#due.length >= DUE_MAX) {
      this.#services.counts.sharesSkipped += 1;
      return;
    }
    this.#due.push({intent, dueMs: nowMs});
    this.#enqueue();
  }

  #enqueue(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#services.search(this);
  }

  #searchEnded(hashes: number): {readonly isDone: true; readonly hashes: number} {
    this.#isQueued = false;
    this.#triedAbove = 0;
    const done = this.#due.shift();
    // At most once for each nonce: the same header goes on, unless a fault made it or bits are rolled share by share.
    if (done?.intent !== 'share' || DIALECTS[this.plan.dialect].versionBits !== 'never') this.#search = undefined;
    if (this.#due.length > 0) this.#enqueue();
    return {isDone: true, hashes};
  }

  /** Faults that are not possible just now are honest shares. */
  #drawIntent(nowMs: number): Intent {
    const {faults} = this.plan.behaviour;
    if (faults === undefined) return 'share';
    let rest = this.#random.next();
    for (const fault of FAULTS) {
      rest -= faults[fault] ?? 0;
      if (rest >= 0) continue;
      if (fault === 'duplicate' && this.#session?.canRepeat !== true) return 'share';
      if (fault === 'stale' && (this.#session?.staleAgeMs(nowMs) ?? 0) < STALE_AGE_MIN_MS) return 'share';
      return fault;
    }
    return 'share';
  }

  #readSlowly(isReading: boolean, link: MinerLink | undefined): void {
    if (link === undefined || link !== this.#link || this.#services.isFinishing) return;
    if (isReading) link.resume();
    else link.pause();
    this.#services.after(isReading ? SLOW_READ_MS : SLOW_PAUSE_MS * (0.5 + this.#random.next()), () => this.#readSlowly(!isReading, link));
  }

  #drip(text: string, at: number, link: MinerLink | undefined): void {
    if (link === undefined || link !== this.#link || at >= text.length - 2) return;
    link.write(text[at]!);
    this.#services.after(DRIP_MS * this.#random.next(), () => this.#drip(text, at + 1, link));
  }

  #exponentialMs(perSec: number): number {
    return (-Math.log(1 - this.#random.next()) / perSec) * 1_000;
  }
}
