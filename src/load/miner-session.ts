/**
 * @module The miner's end of one Stratum V1 connection in one of the {@link Dialect}s: greets, takes work, writes submits,
 * and gives every answer to the submit that it belongs to. No socket and no clock: text in, text out.
 *
 * It knows the protocol and nothing of our pool: what a pool does wrong must not be right here by sharing its mistake.
 */
import {hexToBytes} from '../protocol/bytes/hex.js';
import {LineReader} from '../protocol/stratum/line-codec.js';
import {extranonce2Of, readNotify, uint32Text, type NotifiedWork} from '../protocol/stratum/notified-work.js';
import type {Dialect, GreetingStep} from './dialects.js';
import type {Fault, Intent} from './profiles.js';
import {ShareSearch, targetOfDifficulty, type FoundShare, type SearchGoal} from './share-search.js';

/** A submit on its way. */
export interface Submission {
  readonly intent: Intent;
  readonly sentAtMs: number;
}

/** Who hears of what happens on the connection. */
export interface MinerHost {
  send(text: string): void;
  /** The pool let it in. */
  authorised(nowMs: number): void;
  /** Its name or its greeting was refused. */
  refused(text: string): void;
  /** A job came, or a difficulty that holds at once: what is being searched is void. */
  workChanged(nowMs: number): void;
  /** Jobs of another block than before: previous hash as in the notify. Not for a connection's first job. */
  tipChanged(previousHash: Uint8Array, nowMs: number): void;
  /** @param outcome - `accepted`, or the error's code and text. */
  answered(submission: Submission, outcome: string, nowMs: number): void;
  /** An answer that nothing asked for. */
  strayAnswer(line: string): void;
  /** The pool asks for a new connection. */
  reconnectAsked(waitSec: number): void;
}

export interface SessionFacts {
  readonly dialect: Dialect;
  readonly userName: string;
  readonly password: string;
  /** Session name of the connection before. */
  readonly resumes: string | undefined;
  /** What it wishes for, where its dialect wishes. */
  readonly suggestsDifficulty: number;
}

interface GivenWork {
  readonly work: NotifiedWork;
  readonly difficulty: number;
  readonly target: bigint;
}

/** A pool's notify with a thousand outputs in its coinbase is long; one that is longer is broken. */
const LINE_MAX = 1 << 20;
const SUBMIT_ID_FIRST = 10;
const KNOWN_JOBS_MAX = 16;
const UINT32_HEX = /^[0-9a-f]{8}$/i;
/** Beyond the two hours that any node allows. */
const FAR_AHEAD_SEC = 4 * 3_600;

export class MinerSession {
  readonly #dialect: Dialect;
  readonly #userName: string;
  readonly #password: string;
  readonly #suggests: number;
  readonly #host: MinerHost;
  readonly #reader = new LineReader(LINE_MAX);
  readonly #greetingIds = new Map<number, GreetingStep>();
  readonly #pending = new Map<number, Submission[]>();
  #pendingCount = 0;
  #nextStep = 0;
  #nextSubmitId = SUBMIT_ID_FIRST;
  #extranonce1: Uint8Array | undefined;
  #extranonce2Size = 0;
  /** Announced by set_extranonce; holds from the next job on. */
  #nextExtranonce: {readonly extranonce1: Uint8Array; readonly size: number} | undefined;
  #extranonce2Counter = 0;
  #versionMask = 0;
  #difficulty = 1;
  #current: GivenWork | undefined;
  /** The last job of the tip before. */
  #left: {readonly given: GivenWork; readonly atMs: number} | undefined;
  #knownJobs: string[] = [];
  #lastShareParams: string | undefined;
  isAuthorised = false;
  sessionName: string | undefined;

  constructor(facts: SessionFacts, host: MinerHost) {
    this.#dialect = facts.dialect;
    this.#userName = facts.userName;
    this.#password = facts.password;
    this.#suggests = facts.suggestsDifficulty;
    this.sessionName = facts.resumes;
    this.#host = host;
  }

  get hasWork(): boolean {
    return this.isAuthorised && this.#current !== undefined && this.#extranonce1 !== undefined;
  }

  /** Of the work in hand; undefined without any. */
  get difficulty(): number | undefined {
    if (!this.hasWork) return undefined;
    return this.#dialect.appliesDifficulty === 'at-once' ? this.#difficulty : this.#current!.difficulty;
  }

  /** Submits that have no answer yet. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** The first bytes of a greeting, for those who never finish it. */
  get greetingText(): string {
    return this.#request('subscribe', 1);
  }

  opened(): void {
    const {greeting, isPipelined} = this.#dialect;
    if (!isPipelined) return this.#greetNext();
    let text = '';
    for (const step of greeting) text += this.#stepRequest(step);
    this.#nextStep = greeting.length;
    this.#host.send(text);
  }

  received(text: string, nowMs: number): void {
    const {lines, overflow} = this.#reader.push(text);
    for (const line of lines) this.#line(line, nowMs);
    if (overflow) this.#host.refused('a line without end');
  }

  /** What nobody will answer any more, in order of sending. */
  takePending(): Submission[] {
    const all = [...this.#pending.values()].flat();
    this.#pending.clear();
    this.#pendingCount = 0;
    return all;
  }

  /** A search for a submit of this intent. @returns undefined when there is nothing to search, or no such fault is possible now. */
  beginSearch(intent: Intent, draw: {readonly nonce: number; readonly bits: number}): ShareSearch | undefined {
    const given = intent === 'stale' ? this.#left?.given : this.#current;
    if (!this.hasWork || given === undefined) return undefined;
    const {work} = given;
    const isBadVersion = intent === 'bad-version';
    const bits = isBadVersion ? (~this.#versionMask & 0x00001fff) : (this.#rollsNow() ? draw.bits & this.#versionMask : 0);
    const timeText = intent === 'bad-ntime' ? uint32Text(Number.parseInt(work.timeText, 16) + FAR_AHEAD_SEC) : work.timeText;
    this.#extranonce2Counter += 1;
    const extranonce2 = extranonce2Of(this.#extranonce2Counter, this.#extranonce2Size);
    if (this.#dialect.extranonce2Order === 'little-endian') extranonce2.reverse();
    const mask = isBadVersion ? 0x00001fff : this.#versionMask;
    const search = new ShareSearch({work, extranonce1: this.#extranonce1!, extranonce2, version: (work.version & ~mask) | bits, timeText}, draw.nonce);
    if (isBadVersion || this.#writesVersionBits()) search.versionBitsText = uint32Text(bits);
    return search;
  }

  goalOf(intent: Intent): SearchGoal {
    const announced = targetOfDifficulty(this.#difficulty) ?? 0n;
    const given = (intent === 'stale' ? this.#left?.given : this.#current) ?? {target: announced};
    // A pool may have eased the jobs that are out: too easy means easier than both.
    if (intent === 'low-difficulty') return {side: 'above', target: given.target > announced ? given.target : announced};
    return {side: 'below', target: this.#dialect.appliesDifficulty === 'at-once' && intent !== 'stale' ? announced : given.target};
  }

  /** How long ago the tip of the stale work was left; undefined when there is none. */
  staleAgeMs(nowMs: number): number | undefined {
    return this.#left === undefined ? undefined : nowMs - this.#left.atMs;
  }

  get canRepeat(): boolean {
    return this.#lastShareParams !== undefined;
  }

  submit(search: ShareSearch, found: FoundShare, intent: Intent, nowMs: number): void {
    const nonce = uint32Text(found.nonce);
    const fields = {
      user: this.#userName, job: search.work.jobId, extranonce2: search.extranonce2Hex, time: search.timeText,
      nonce: this.#dialect.trimsNonce ? nonce.replace(/^0{1,7}/, '') : nonce, bits: search.versionBitsText,
    };
    const params = paramsText(spoilt(fields, intent, found.nonce));
    if (intent === 'share') this.#lastShareParams = params;
    this.#send(params, intent, nowMs);
  }

  /** The last honest share once more, under a new id where the dialect has them. */
  repeatLast(nowMs: number): void {
    if (this.#lastShareParams !== undefined) this.#send(this.#lastShareParams, 'duplicate', nowMs);
  }

  #send(params: string, intent: Intent, nowMs: number): void {
    const id = this.#dialect.submitIds === 'always-4' ? 4 : this.#nextSubmitId++;
    const queue = this.#pending.get(id);
    const submission = {intent, sentAtMs: nowMs};
    if (queue === undefined) this.#pending.set(id, [submission]);
    else queue.push(submission);
    this.#pendingCount += 1;
    this.#host.send(this.#dialect.writesIdLast
      ? `{"method": "mining.submit", "params": ${params}, "id":${id}}\n`
      : `{"id":${id},"method":"mining.submit","params":${params}}\n`);
  }

  #rollsNow(): boolean {
    return this.#dialect.versionBits !== 'never' && this.#versionMask !== 0;
  }

  #writesVersionBits(): boolean {
    return this.#dialect.versionBits === 'always' || this.#rollsNow();
  }

  #greetNext(): void {
    const step = this.#dialect.greeting[this.#nextStep];
    if (step === undefined) return;
    this.#nextStep += 1;
    this.#host.send(this.#stepRequest(step));
  }

  #stepRequest(step: GreetingStep): string {
    const id = this.#greetingIds.size + 1;
    this.#greetingIds.set(id, step);
    return this.#request(step, id);
  }

  #request(step: GreetingStep, id: number): string {
    const line = (method: string, params: readonly unknown[]): string => `${JSON.stringify({id, method, params})}\n`;
    switch (step) {
      case 'configure': return line('mining.configure', [['version-rolling'], {'version-rolling.mask': 'ffffffff', 'version-rolling.min-bit-count': 2}]);
      case 'subscribe':
        return line('mining.subscribe', this.#dialect.resumesSession && this.sessionName !== undefined ? [this.#dialect.userAgent, this.sessionName] : [this.#dialect.userAgent]);
      case 'authorize': return line('mining.authorize', [this.#userName, this.#password]);
      case 'suggest-difficulty': return line('mining.suggest_difficulty', [this.#suggests]);
      case 'extranonce-subscribe': return line('mining.extranonce.subscribe', []);
    }
  }

  #line(line: string, nowMs: number): void {
    let wire: unknown;
    try {
      wire = JSON.parse(line);
    } catch {
      return this.#host.refused('a line that is no JSON');
    }
    if (typeof wire !== 'object' || wire === null) return this.#host.refused('a line that is no object');
    const {id, method, params, result, error} = wire as {id?: unknown; method?: unknown; params?: unknown; result?: unknown; error?: unknown};
    if (typeof method === 'string') return this.#asked(method, {id, params: Array.isArray(params) ? params : []}, nowMs);
    if (typeof id === 'number') {
      const queue = this.#pending.get(id);
      const submission = queue?.shift();
      if (submission !== undefined) {
        if (queue!.length === 0) this.#pending.delete(id);
        this.#pendingCount -= 1;
        return this.#host.answered(submission, result === true ? 'accepted' : outcomeOf(error), nowMs);
      }
      const step = this.#greetingIds.get(id);
      if (step !== undefined) {
        this.#greetingIds.delete(id);
        return this.#greeted(step, {result, error}, nowMs);
      }
    }
    // Lines that were no requests are answered without an id.
    if (id !== null) this.#host.strayAnswer(line);
  }

  #greeted(step: GreetingStep, answer: {readonly result: unknown; readonly error: unknown}, nowMs: number): void {
    const {result} = answer;
    if (step === 'subscribe') {
      const [names, extranonce1Hex, size] = Array.isArray(result) ? result as unknown[] : [];
      this.#extranonce1 = typeof extranonce1Hex === 'string' ? hexToBytes(extranonce1Hex) : undefined;
      this.#extranonce2Size = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && size <= 64 ? size : 0;
      if (this.#extranonce1 === undefined) return this.#host.refused(`subscribe: ${outcomeOf(answer.error)}`);
      this.sessionName = sessionNameOf(names) ?? (extranonce1Hex as string);
    } else if (step === 'configure' && typeof result === 'object' && result !== null) {
      this.#setVersionMask((result as Record<string, unknown>)['version-rolling.mask']);
    } else if (step === 'authorize') {
      if (result !== true) return this.#host.refused(`authorize: ${outcomeOf(answer.error)}`);
      this.isAuthorised = true;
      this.#host.authorised(nowMs);
    }
    this.#greetNext();
    if (this.hasWork) this.#host.workChanged(nowMs);
  }

  #asked(method: string, call: {readonly id: unknown; readonly params: readonly unknown[]}, nowMs: number): void {
    const [first, second, third] = call.params;
    switch (method) {
      case 'mining.notify': return this.#notified(call.params, nowMs);
      case 'mining.set_difficulty':
        if (typeof first !== 'number' || targetOfDifficulty(first) === undefined) return this.#host.refused(`difficulty ${String(first)}`);
        this.#difficulty = first;
        if (this.hasWork && this.#dialect.appliesDifficulty === 'at-once') this.#host.workChanged(nowMs);
        return;
      case 'mining.set_version_mask': return this.#setVersionMask(first);
      case 'mining.set_extranonce': {
        const extranonce1 = typeof first === 'string' ? hexToBytes(first) : undefined;
        if (extranonce1 !== undefined && typeof second === 'number') this.#nextExtranonce = {extranonce1, size: second};
        return;
      }
      case 'client.reconnect': return this.#host.reconnectAsked(typeof third === 'number' ? third : 0);
      case 'mining.ping': return this.#host.send(`${JSON.stringify({id: call.id, result: 'pong', error: null})}\n`);
      case 'client.get_version': return this.#host.send(`${JSON.stringify({id: call.id, result: this.#dialect.userAgent, error: null})}\n`);
      default: return;
    }
  }

  #setVersionMask(mask: unknown): void {
    if (typeof mask === 'string' && UINT32_HEX.test(mask)) this.#versionMask = Number.parseInt(mask, 16) >>> 0;
  }

  #notified(params: readonly unknown[], nowMs: number): void {
    const work = readNotify(params);
    if (work === undefined) return this.#host.refused('a job that is no job');
    if (this.#dialect.ignoresKnownJobs && !work.cleanJobs && this.#knownJobs.includes(work.jobId)) return;
    this.#knownJobs = [work.jobId, ...this.#knownJobs].slice(0, KNOWN_JOBS_MAX);
    if (this.#nextExtranonce !== undefined) {
      this.#extranonce1 = this.#nextExtranonce.extranonce1;
      this.#extranonce2Size = this.#nextExtranonce.size;
      this.#nextExtranonce = undefined;
    }
    const before = this.#current;
    // Firmware counts extranonce2 from the start for each job: a pool must not send the same work twice.
    if (before?.work.jobId !== work.jobId) this.#extranonce2Counter = 0;
    this.#current = {work, difficulty: this.#difficulty, target: targetOfDifficulty(this.#difficulty)!};
    const isNewTip = before !== undefined && !Buffer.from(before.work.previousHash).equals(work.previousHash);
    if (isNewTip) {
      this.#left = {given: before, atMs: nowMs};
      this.#lastShareParams = undefined;
      this.#host.tipChanged(work.previousHash, nowMs);
    }
    if (this.hasWork) this.#host.workChanged(nowMs);
  }
}

interface SubmitTexts {
  readonly user: string;
  readonly job: string;
  readonly extranonce2: string;
  readonly time: string;
  readonly nonce: string;
  readonly bits: string | undefined;
}

function paramsText({user, job, extranonce2, time, nonce, bits}: SubmitTexts): string {
  return JSON.stringify(bits === undefined ? [user, job, extranonce2, time, nonce] : [user, job, extranonce2, time, nonce, bits]);
}

/** @param choice - picks among the ways to be malformed. */
function spoilt(fields: SubmitTexts, fault: Intent, choice: number): SubmitTexts {
  if (fault === 'unknown-job') return {...fields, job: 'fffffffff0'};
  if (fault === 'unauthorised') return {...fields, user: 'nobody.here'};
  if (fault !== 'malformed') return fields;
  const ways: readonly Partial<SubmitTexts>[] = [{extranonce2: fields.extranonce2.slice(2)}, {nonce: 'zzzzzzzz'}, {time: '12'}, {extranonce2: `${fields.extranonce2}00`}];
  return {...fields, ...ways[choice % ways.length]};
}

/** Code and text without what differs from share to share, so that answers of a kind count together. */
export function outcomeOf(error: unknown): string {
  const [code, text] = Array.isArray(error) ? error as unknown[] : typeof error === 'object' && error !== null ? [(error as {code?: unknown}).code, (error as {message?: unknown}).message] : [undefined, error];
  const words = String(text ?? 'refused').split(':')[0]!.slice(0, 60).trim();
  return code === undefined ? words : `${String(code)} ${words}`;
}

/** `[[method, name], …]`, or one pair alone. */
function sessionNameOf(names: unknown): string | undefined {
  const pairs = (Array.isArray(names) ? names : []) as unknown[];
  const notify = pairs.find((pair) => Array.isArray(pair) && pair[0] === 'mining.notify') as unknown[] | undefined;
  const name = notify?.[1] ?? (pairs[0] === 'mining.notify' ? pairs[1] : undefined);
  return typeof name === 'string' ? name : undefined;
}

export function isFault(intent: Intent): intent is Fault {
  return intent !== 'share';
}
