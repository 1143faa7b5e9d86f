/**
 * @module The demo miner. Searches in slices on another thread and rests between them, so that it takes a stated part
 * of one core and no more; submits over its socket as any miner does. Reconnects when the pool goes away.
 */
import type {ActorContext, ActorSpec, Behaviour, Protocol} from '../../runtime/actor.js';
import {bytesToHex, hexToBytes} from '../../protocol/bytes/hex.js';
import type {NonceScanResult} from '../../protocol/mining/scan-nonces.js';
import {exponentAtMost, shareDifficulty} from '../../protocol/stratum/difficulty.js';
import type {ShareDifficulty} from '../../protocol/stratum/difficulty.js';
import type {DemoMinerMessage, DemoMinerStatus} from './messages.js';
import type {MinerConnection, MinerConnectionMessage, MinerNetwork, NonceScanner} from './ports.js';
import {extranonce2Of, headerOf, readNotify, uint32Text} from '../../protocol/stratum/notified-work.js';
import type {NotifiedWork} from '../../protocol/stratum/notified-work.js';

export interface DemoMinerOptions {
  readonly network: MinerNetwork;
  readonly scanner: NonceScanner;
  /** Payout address, with `.worker` if wanted. */
  readonly userName: string;
  /** Searches at a time; the scanner has as many threads. */
  readonly threads: number;
  /** Part of each thread's time that is spent searching, above 0 and at most 1. */
  readonly dutyCycle: number;
}

type Internal =
  | {readonly type: 'demoMiner.sliceDone'; readonly lane: number; readonly epoch: number; readonly result: NonceScanResult | undefined}
  | {readonly type: 'demoMiner.nextSlice'; readonly lane: number; readonly epoch: number}
  | {readonly type: 'demoMiner.reconnect'};
export type DemoMinerInbox = DemoMinerMessage | MinerConnectionMessage | Internal;
type Context = ActorContext<DemoMinerInbox>;

/** Long enough that handing over costs nothing, short enough that a new job is taken up at once. */
const SLICE_MS = 40;
const SLICE_COUNT_FIRST = 8_192;
const SLICE_COUNT_MIN = 1_024;
const SLICE_COUNT_MAX = 1 << 20;
const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 15_000;
/** A pool that sends no line end is no pool. */
const UNREAD_MAX = 256 * 1024;
const NONCE_LIMIT = 0x1_0000_0000;
const SUBSCRIBE_ID = 1;
const AUTHORISE_ID = 2;

export const DEMO_MINER_PROTOCOL: Protocol<DemoMinerInbox> = {
  kind: 'demo-miner',
  mailbox: {capacity: 1_024, policy: 'refuse'},
  undroppable: ['demoMiner.disconnected', 'demoMiner.nextSlice', 'demoMiner.reconnect'],
};

export function demoMinerActor(options: DemoMinerOptions): ActorSpec<DemoMinerInbox> {
  return {protocol: DEMO_MINER_PROTOCOL, create: (ctx) => new DemoMiner(options, ctx)};
}

/** One search at a time: a coinbase of its own, and how far its nonces are tried. */
interface ScanLane {
  work: NotifiedWork | undefined;
  extranonce2: Uint8Array;
  header: Uint8Array;
  nextNonce: number;
  startedAtMs: number;
}

class DemoMiner implements Behaviour<DemoMinerInbox> {
  readonly #options: DemoMinerOptions;
  readonly #lanes: readonly ScanLane[];
  readonly #startedAtMs: number;
  #connection: MinerConnection | undefined;
  #unread = '';
  #extranonce1: Uint8Array | undefined;
  #extranonce2Size = 0;
  #extranonce2Counter = 0;
  #isAuthorised = false;
  #difficulty: ShareDifficulty = shareDifficulty(0);
  #work: NotifiedWork | undefined;
  /** Grows with each connection and clean job: what was begun before is not submitted. */
  #epoch = 0;
  #isScanning = false;
  #sliceCount = SLICE_COUNT_FIRST;
  #reconnectMs = RECONNECT_MIN_MS;
  #nextId = AUTHORISE_ID + 1;
  #hashesDone = 0;
  #sharesAccepted = 0;
  #sharesRejected = 0;
  #lastRejectText: string | undefined;

  constructor(options: DemoMinerOptions, ctx: Context) {
    this.#options = options;
    this.#startedAtMs = ctx.clock.nowMs();
    this.#lanes = Array.from({length: options.threads}, () => ({work: undefined, extranonce2: new Uint8Array(0), header: new Uint8Array(80), nextNonce: 0, startedAtMs: 0}));
    options.network.connect(ctx.self);
  }

  receive(message: DemoMinerInbox, ctx: Context): void {
    switch (message.type) {
      case 'demoMiner.connected': return this.#connected(message.connection);
      case 'demoMiner.received': return this.#received(message.text, ctx);
      case 'demoMiner.disconnected': return this.#disconnected(ctx);
      case 'demoMiner.reconnect': return this.#options.network.connect(ctx.self);
      case 'demoMiner.nextSlice':
        if (message.epoch === this.#epoch) this.#scan(message.lane, ctx);
        return;
      case 'demoMiner.sliceDone': return this.#sliceDone(message, ctx);
      case 'demoMiner.getStatus': return ctx.reply(this.#status(ctx.clock.nowMs()));
    }
  }

  onStop(): void {
    this.#connection?.close();
  }

  inspect(): unknown {
    return {isConnected: this.#connection !== undefined, accepted: this.#sharesAccepted, rejected: this.#sharesRejected, job: this.#work?.jobId};
  }

  #status(nowMs: number): DemoMinerStatus {
    const seconds = Math.max(1, nowMs - this.#startedAtMs) / 1000;
    return {
      isConnected: this.#connection !== undefined, isMining: this.#isScanning, hashrate: this.#hashesDone / seconds, hashesDone: this.#hashesDone,
      sharesAccepted: this.#sharesAccepted, sharesRejected: this.#sharesRejected, lastRejectText: this.#lastRejectText, difficulty: this.#difficulty.value,
    };
  }

  #connected(connection: MinerConnection): void {
    this.#connection = connection;
    this.#unread = '';
    connection.send(`{"id":${SUBSCRIBE_ID},"method":"mining.subscribe","params":["pithead-demo-miner"]}\n`
      + `${JSON.stringify({id: AUTHORISE_ID, method: 'mining.authorize', params: [this.#options.userName, 'x']})}\n`);
  }

  #disconnected(ctx: Context): void {
    this.#connection = undefined;
    this.#extranonce1 = undefined;
    this.#isAuthorised = false;
    this.#isScanning = false;
    this.#work = undefined;
    this.#epoch += 1;
    ctx.timers.once('reconnect', this.#reconnectMs, {type: 'demoMiner.reconnect'});
    this.#reconnectMs = Math.min(RECONNECT_MAX_MS, this.#reconnectMs * 2);
  }

  #received(text: string, ctx: Context): void {
    this.#unread += text;
    for (let end = this.#unread.indexOf('\n'); end >= 0; end = this.#unread.indexOf('\n')) {
      const line = this.#unread.slice(0, end);
      this.#unread = this.#unread.slice(end + 1);
      this.#line(line, ctx);
    }
    if (this.#unread.length > UNREAD_MAX) this.#connection?.close();
  }

  #line(line: string, ctx: Context): void {
    let wire: unknown;
    try {
      wire = JSON.parse(line);
    } catch {
      ctx.log.warn({code: 'demo-miner-line'}, 'the pool sent the demo miner a line that is not JSON');
      return;
    }
    if (typeof wire !== 'object' || wire === null) return;
    const {id, method, params, result, error} = wire as {id?: unknown; method?: unknown; params?: unknown; result?: unknown; error?: unknown};
    if (typeof method === 'string') this.#notified(method, Array.isArray(params) ? params : [], ctx);
    else this.#answered(id, {result, error}, ctx);
  }

  #notified(method: string, params: readonly unknown[], ctx: Context): void {
    if (method === 'mining.set_difficulty') {
      const exponent = typeof params[0] === 'number' ? exponentAtMost(params[0]) : undefined;
      if (exponent !== undefined) this.#difficulty = shareDifficulty(exponent);
    } else if (method === 'mining.notify') {
      const work = readNotify(params);
      if (work === undefined) return;
      this.#work = work;
      if (work.cleanJobs) {
        this.#epoch += 1;
        this.#isScanning = false;
      }
      this.#begin(ctx);
    }
  }

  #answered(id: unknown, answer: {readonly result: unknown; readonly error: unknown}, ctx: Context): void {
    if (id === SUBSCRIBE_ID && Array.isArray(answer.result)) {
      const [, extranonce1, size] = answer.result as unknown[];
      this.#extranonce1 = typeof extranonce1 === 'string' ? hexToBytes(extranonce1) : undefined;
      this.#extranonce2Size = typeof size === 'number' ? size : 0;
    } else if (id === AUTHORISE_ID) {
      this.#isAuthorised = answer.result === true;
      if (this.#isAuthorised) this.#reconnectMs = RECONNECT_MIN_MS;
      else ctx.log.warn({code: 'demo-miner-unauthorised', answer: answer.error}, 'the pool did not authorise the demo miner');
    } else if (typeof id === 'number') {
      this.#judged(answer);
    }
    this.#begin(ctx);
  }

  #judged(answer: {readonly result: unknown; readonly error: unknown}): void {
    if (answer.result === true) {
      this.#sharesAccepted += 1;
      return;
    }
    this.#sharesRejected += 1;
    this.#lastRejectText = JSON.stringify(answer.error);
  }

  #begin(ctx: Context): void {
    if (this.#isScanning || !this.#isAuthorised || this.#work === undefined || this.#extranonce1 === undefined) return;
    this.#isScanning = true;
    for (let lane = 0; lane < this.#lanes.length; lane += 1) this.#scan(lane, ctx);
  }

  #scan(laneIndex: number, ctx: Context): void {
    const lane = this.#lanes[laneIndex]!;
    if (this.#work === undefined || this.#extranonce1 === undefined) return;
    if (lane.work !== this.#work || lane.nextNonce >= NONCE_LIMIT) {
      this.#extranonce2Counter += 1;
      lane.work = this.#work;
      lane.extranonce2 = extranonce2Of(this.#extranonce2Counter, this.#extranonce2Size);
      lane.header = headerOf(lane.work, this.#extranonce1, lane.extranonce2);
      lane.nextNonce = 0;
    }
    lane.startedAtMs = ctx.clock.nowMs();
    const epoch = this.#epoch;
    const scan = {header: lane.header, target: this.#difficulty.target, firstNonce: lane.nextNonce, countMax: this.#sliceCount};
    ctx.pipeToSelf(this.#options.scanner.scan(scan),
      (result) => ({type: 'demoMiner.sliceDone', lane: laneIndex, epoch, result}), () => ({type: 'demoMiner.sliceDone', lane: laneIndex, epoch, result: undefined}));
  }

  #sliceDone(message: Extract<Internal, {type: 'demoMiner.sliceDone'}>, ctx: Context): void {
    const {result, epoch} = message;
    const lane = this.#lanes[message.lane]!;
    // Of an older epoch: the lane has begun anew, and its clock is that of another slice.
    if (epoch !== this.#epoch) {
      this.#hashesDone += result?.tried ?? 0;
      return;
    }
    const tookMs = Math.max(0.1, ctx.clock.nowMs() - lane.startedAtMs);
    if (result !== undefined) {
      this.#hashesDone += result.tried;
      if (result.found === undefined) this.#sliceCount = Math.max(SLICE_COUNT_MIN, Math.min(SLICE_COUNT_MAX, Math.round((result.tried * SLICE_MS) / tookMs)));
      lane.nextNonce = result.nextNonce;
      if (result.found !== undefined && lane.work !== undefined) this.#submit(lane, lane.work, result.found.nonce);
    }
    const restMs = (tookMs * (1 - this.#options.dutyCycle)) / this.#options.dutyCycle;
    ctx.timers.once(`lane-${message.lane}`, restMs, {type: 'demoMiner.nextSlice', lane: message.lane, epoch});
  }

  #submit(lane: ScanLane, work: NotifiedWork, nonce: number): void {
    const params = [this.#options.userName, work.jobId, bytesToHex(lane.extranonce2), work.timeText, uint32Text(nonce)];
    this.#connection?.send(`${JSON.stringify({id: this.#nextId, method: 'mining.submit', params})}\n`);
    this.#nextId += 1;
  }
}
