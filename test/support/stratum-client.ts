// A Stratum V1 client written from the public protocol, with node:crypto for all hashing: it shares no code with the
// pool. It speaks over a real socket, keeps every notification, and can mine a share of a wanted quality by search.
import {createHash} from 'node:crypto';
import {connect} from 'node:net';
import type {Socket} from 'node:net';

/** bdiff: the target of difficulty 1. */
export const DIFFICULTY_1_TARGET = 0xffffn << 208n;

export interface Reply {
  readonly id: unknown;
  readonly result: unknown;
  readonly error: readonly [number, string, unknown] | null;
}

export interface Notification {
  readonly method: string;
  readonly params: readonly unknown[];
}

export interface NotifiedJob {
  readonly jobId: string;
  readonly previousHashText: string;
  readonly coinbase1: string;
  readonly coinbase2: string;
  readonly branch: readonly string[];
  readonly version: string;
  readonly bits: string;
  readonly time: string;
  readonly cleanJobs: boolean;
}

/** A solved submit, as its parameters are sent. */
export interface MinedShare {
  readonly jobId: string;
  readonly extranonce2: string;
  readonly time: string;
  readonly nonce: string;
  readonly versionBits?: string;
  readonly hashValue: bigint;
}

export function sha256d(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

export function targetOfBits(bits: number): bigint {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x7fffff);
  return exponent >= 3 ? mantissa << BigInt(8 * (exponent - 3)) : mantissa >> BigInt(8 * (3 - exponent));
}

/** Any float: the exact target that a difficulty announced as a power of two stands for. */
export function targetOfDifficulty(difficulty: number): bigint {
  if (difficulty >= 1) return DIFFICULTY_1_TARGET / BigInt(Math.floor(difficulty));
  return DIFFICULTY_1_TARGET * BigInt(Math.round(1 / difficulty));
}

function uint32Hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Header words arrive with the bytes of each 4-byte word reversed. */
function unswapWords(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}

export function buildHeader(job: NotifiedJob, share: {readonly extranonce1: string; readonly extranonce2: string; readonly time: string; readonly nonce: number; readonly versionBits?: number}): Buffer {
  const coinbase = Buffer.from(job.coinbase1 + share.extranonce1 + share.extranonce2 + job.coinbase2, 'hex');
  let root = sha256d(coinbase);
  for (const sibling of job.branch) root = sha256d(Buffer.concat([root, Buffer.from(sibling, 'hex')]));
  const header = Buffer.alloc(80);
  header.writeUInt32LE((Number.parseInt(job.version, 16) | (share.versionBits ?? 0)) >>> 0, 0);
  unswapWords(job.previousHashText).copy(header, 4);
  root.copy(header, 36);
  header.writeUInt32LE(Number.parseInt(share.time, 16), 68);
  header.writeUInt32LE(Number.parseInt(job.bits, 16), 72);
  header.writeUInt32LE(share.nonce >>> 0, 76);
  return header;
}

export function hashValue(header: Buffer): bigint {
  return BigInt(`0x${Buffer.from(sha256d(header)).reverse().toString('hex')}`);
}

export class StratumClient {
  readonly socket: Socket;
  readonly notifications: Notification[] = [];
  readonly replies: Reply[] = [];
  readonly rawLines: string[] = [];
  extranonce1 = '';
  extranonce2Size = 0;
  difficulty = 1;
  job: NotifiedJob | undefined;
  isClosed = false;
  #nextId = 1;
  #unread = '';
  #extranonce2 = 0;
  readonly #waiting = new Map<unknown, {readonly method: string; readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void}>();
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      for (const {method, reject} of this.#waiting.values()) reject(new Error(`closed before ${method} was answered`));
      this.#waiting.clear();
      this.#wake();
    });
  }

  static connect(port: number, host = '127.0.0.1'): Promise<StratumClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({port, host});
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new StratumClient(socket));
      });
    });
  }

  sendRaw(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Settles with the reply, or rejects when the connection ends first. */
  request(method: string, params: readonly unknown[], id: unknown = this.#nextId++): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(new Error(`closed before ${method} was sent`));
        return;
      }
      this.#waiting.set(id, {method, resolve, reject});
      this.sendRaw(`${JSON.stringify({id, method, params})}\n`);
    });
  }

  /** Until `condition` holds; looked at again after each line and at the close. */
  until(condition: () => boolean, what = 'the condition'): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const holds = condition();
        if (!holds && !this.isClosed) return;
        this.#watchers.delete(look);
        if (holds) resolve();
        else reject(new Error(`closed before ${what}`));
      };
      this.#watchers.add(look);
      look();
    });
  }

  closed(): Promise<void> {
    return this.until(() => this.isClosed);
  }

  async subscribe(userAgent = 'test-miner/1.0'): Promise<Reply> {
    const reply = await this.request('mining.subscribe', [userAgent]);
    if (Array.isArray(reply.result)) {
      this.extranonce1 = String(reply.result[1]);
      this.extranonce2Size = Number(reply.result[2]);
    }
    return reply;
  }

  /** Subscribe, authorise and wait for the first job. */
  async start(userName: string, password = 'x'): Promise<this> {
    await this.subscribe();
    const authorised = await this.request('mining.authorize', [userName, password]);
    if (authorised.result !== true) throw new Error(`not authorised: ${JSON.stringify(authorised)}`);
    await this.until(() => this.job !== undefined, 'the first job');
    return this;
  }

  /** Searches until the hash value is in the wanted range. The same call never gives the same share twice. */
  mine(wanted: {readonly atMost?: bigint; readonly above?: bigint; readonly job?: NotifiedJob; readonly versionBits?: number; readonly time?: string} = {}): MinedShare {
    const job = wanted.job ?? this.job!;
    const atMost = wanted.atMost ?? targetOfDifficulty(this.difficulty);
    const above = wanted.above ?? -1n;
    this.#extranonce2 += 1;
    const extranonce2 = this.#extranonce2.toString(16).padStart(this.extranonce2Size * 2, '0');
    const time = wanted.time ?? job.time;
    const header = buildHeader(job, {extranonce1: this.extranonce1, extranonce2, time, nonce: 0, ...(wanted.versionBits === undefined ? {} : {versionBits: wanted.versionBits})});
    for (let nonce = 0; nonce < 0x100000000; nonce += 1) {
      header.writeUInt32LE(nonce, 76);
      const value = hashValue(header);
      if (value > atMost || value <= above) continue;
      return {jobId: job.jobId, extranonce2, time, nonce: uint32Hex(nonce), hashValue: value,
        ...(wanted.versionBits === undefined ? {} : {versionBits: uint32Hex(wanted.versionBits)})};
    }
    throw new Error('nonce space searched through');
  }

  submit(userName: string, share: Omit<MinedShare, 'hashValue'>, id?: unknown): Promise<Reply> {
    const params = [userName, share.jobId, share.extranonce2, share.time, share.nonce];
    if (share.versionBits !== undefined) params.push(share.versionBits);
    return id === undefined ? this.request('mining.submit', params) : this.request('mining.submit', params, id);
  }

  end(): void {
    this.socket.destroy();
  }

  #take(text: string): void {
    this.#unread += text;
    for (let at = this.#unread.indexOf('\n'); at >= 0; at = this.#unread.indexOf('\n')) {
      const line = this.#unread.slice(0, at);
      this.#unread = this.#unread.slice(at + 1);
      this.rawLines.push(line);
      this.#read(JSON.parse(line) as Partial<Reply & Notification>);
    }
    this.#wake();
  }

  #read(wire: Partial<Reply & Notification>): void {
    if (typeof wire.method !== 'string') {
      const reply = wire as Reply;
      this.replies.push(reply);
      this.#waiting.get(reply.id)?.resolve(reply);
      this.#waiting.delete(reply.id);
      return;
    }
    const params = wire.params ?? [];
    this.notifications.push({method: wire.method, params});
    if (wire.method === 'mining.set_difficulty') this.difficulty = Number(params[0]);
    if (wire.method === 'mining.set_extranonce') {
      this.extranonce1 = String(params[0]);
      this.extranonce2Size = Number(params[1]);
    }
    if (wire.method === 'mining.notify') {
      const [jobId, previousHashText, coinbase1, coinbase2, branch, version, bits, time, cleanJobs] =
        params as [string, string, string, string, string[], string, string, string, boolean];
      this.job = {jobId, previousHashText, coinbase1, coinbase2, branch, version, bits, time, cleanJobs};
    }
  }

  #wake(): void {
    for (const look of this.#watchers) look();
  }
}
