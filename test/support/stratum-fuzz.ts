/**
 * @module Hostile dialogues against the Stratum port of a real process: what is said comes from a seed and the number of
 * the connection, an honest miner works beside it, and the process is looked at before and after. For the functional test
 * and for `npm run fuzz:stratum`.
 */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {encodeAddress} from '../../src/protocol/address/address.js';
import {DEVNET} from '../../src/protocol/chain/presets.js';
import {SeededRandom} from '../../src/runtime/seeded-random.js';
import {CrashChild, type ServingNode} from './crash-child.js';
import {CAMPAIGNS} from './crash-campaigns.js';
import {HostileInput} from './load-hostile.js';
import {eventually, openSockets, residentMegabytes} from './load-http.js';
import {aKey} from './mined-chain.js';
import {RawPeer} from './load-peer.js';
import {StratumClient} from './stratum-client.js';

const PROBE_MS_MAX = 10_000;
const LINES = 40;
/** The heap of a process that has just started, with room to grow before a collection. */
const GROWTH_MAX_MB = 250;
const USER = `${encodeAddress(aKey('honest').scriptPubKey, DEVNET.address)}.rig`;
const METHODS = ['mining.subscribe', 'mining.authorize', 'mining.submit', 'mining.configure', 'mining.suggest_difficulty', 'mining.suggest_target', 'mining.extranonce.subscribe',
  'mining.get_transactions', 'mining.multi_version', 'mining.ping', 'mining.pong', 'client.get_version', '__proto__', 'toString'];
const PASSWORDS = ['x', 'd=1', 'd=0.000001', 'd=9999999999g', 'diff=', 'x,d=500k', ''];

export type Outcome = 'answered' | 'closed' | 'vanished';

export class StratumFuzz {
  readonly seed: number;
  readonly outcomes: Record<Outcome, number> = {answered: 0, closed: 0, vanished: 0};
  connections = 0;
  lines = 0;
  honestShares = 0;
  megabytesAtRest = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pithead-fuzz-'));
  readonly #child: CrashChild;
  #node!: ServingNode;
  #port = 0;
  #socketsAtRest = 0;
  #honest!: StratumClient;

  constructor(seed: number) {
    this.seed = seed;
    this.#child = new CrashChild({dataDir: this.#folder, chain: 'devnet', flags: [...CAMPAIGNS.pool.flags ?? [], '--role', 'explorer', '--set', 'stratum.retransmitWindowMs=2000']});
  }

  get port(): number {
    return this.#port;
  }

  /** @throws Error when the process does not serve. */
  async start(): Promise<void> {
    const serving = await this.#child.ready();
    if (serving === undefined) throw new Error(`the process ended: ${this.#child.output().slice(-2_000)}`);
    this.#node = serving;
    this.#port = Number(/:(\d+)$/.exec(serving.endpoints.stratum!)![1]);
    await this.sessions();
    this.#socketsAtRest = openSockets(serving.pid);
    this.megabytesAtRest = residentMegabytes(serving.pid);
    this.#honest = await (await StratumClient.connect(this.#port)).start(USER);
  }

  megabytes(): number {
    return residentMegabytes(this.#node.pid);
  }

  /** @throws Error when a share that is really mined is not accepted. */
  async honestShare(): Promise<void> {
    const reply = await this.#honest.submit(USER, this.#honest.mine());
    if (reply.result !== true) throw new Error(`an honest share was refused: ${JSON.stringify(reply)}`);
    this.honestShares += 1;
  }

  /** One dialogue to its end. @throws Error when it got neither an answer nor a close. */
  async connection(number: number): Promise<Outcome> {
    const dialogue = new Dialogue(new HostileInput(new SeededRandom(this.seed * 1_000_003 + number)), this.#honest);
    const peer = await RawPeer.connect(this.#port);
    const how = await dialogue.hold(peer);
    this.connections += 1;
    this.lines += dialogue.said;
    if (how === 'silent') throw new Error(`neither an answer to the probe nor a close: seed ${this.seed}, connection ${number}`);
    this.outcomes[how] += 1;
    return how;
  }

  async sessions(): Promise<number> {
    const text = await this.#metrics();
    const sample = /^pithead_pool_sessions\{state="connected"\} (\d+)$/m.exec(text);
    if (sample === null) throw new Error(`no sessions among the metrics: ${text.slice(0, 300)}`);
    return Number(sample[1]);
  }

  /** What is wrong now that the storm is over; the honest miner leaves. */
  async problems(): Promise<string[]> {
    const found: string[] = [];
    if (!await eventually(async () => await this.sessions() === 1, 15_000)) found.push(`${await this.sessions()} sessions are left, and one miner`);
    await this.honestShare();
    this.#honest.end();
    if (!await eventually(async () => await this.sessions() === 0, 10_000)) found.push(`${await this.sessions()} sessions are left, and no miner`);
    const failures = [...(await this.#metrics()).matchAll(/^pithead_actor_failures_total\{[^}]*\} (\d+)$/gm)];
    if (failures.length === 0 || failures.some((sample) => sample[1] !== '0')) found.push(`actors threw: ${failures.map(String).join(' ')}`);
    found.push(...this.#child.errorLines());
    if (this.megabytes() > this.megabytesAtRest + GROWTH_MAX_MB) found.push(`${this.megabytes().toFixed(0)} MB, ${this.megabytesAtRest.toFixed(0)} at rest`);
    // The page's keep-alive connections end by themselves.
    if (!await eventually(() => openSockets(this.#node.pid) <= this.#socketsAtRest + 2, 10_000)) found.push(`${openSockets(this.#node.pid)} open files, ${this.#socketsAtRest} at rest`);
    const {code} = await this.#child.end('SIGTERM');
    if (code !== 0) found.push(`it ended with ${code}: ${this.#child.output().slice(-2_000)}`);
    return found;
  }

  async dispose(): Promise<void> {
    this.#honest?.end();
    await this.#child.end('SIGKILL');
    rmSync(this.#folder, {recursive: true, force: true});
  }

  async #metrics(): Promise<string> {
    return await (await fetch(`${this.#node.endpoints.http}/metrics`)).text();
  }
}

/** What one connection says. */
class Dialogue {
  said = 0;
  readonly #hostile: HostileInput;
  readonly #honest: StratumClient;

  constructor(hostile: HostileInput, honest: StratumClient) {
    this.#hostile = hostile;
    this.#honest = honest;
  }

  async hold(peer: RawPeer): Promise<Outcome | 'silent'> {
    const hostile = this.#hostile;
    if (hostile.chance(70)) this.#say(peer, '{"id":1,"method":"mining.subscribe","params":["fuzz/1"]}');
    if (hostile.chance(70)) this.#say(peer, JSON.stringify({id: 2, method: 'mining.authorize', params: [USER, hostile.pick(PASSWORDS)]}));
    // Ten lines that are no JSON end a connection: the tame ones reach further.
    const wildPercent = hostile.pick([0, 8, 8, 100]);
    for (let i = 0; i < LINES && !peer.isClosed; i++) {
      this.#say(peer, this.#line(wildPercent), hostile.chance(90) ? '\n' : '\r\n\n');
      if (hostile.chance(10)) await peer.turn();
    }
    if (hostile.chance(25)) {
      peer.write(hostile.damaged('{"id":1,"method":"mining.submit","params":['));
      peer.vanish(hostile.chance(50));
      return 'vanished';
    }
    this.#say(peer, '{"id":"the-probe","method":"mining.extranonce.subscribe","params":[]}');
    const how = await peer.until('the-probe', PROBE_MS_MAX);
    peer.vanish(false);
    return how;
  }

  #say(peer: RawPeer, line: string, end = '\n'): void {
    this.said += 1;
    peer.write(`${line}${end}`);
  }

  /** Good for the most part, so that the next ones are met in every state. */
  #line(wildPercent: number): string {
    const hostile = this.#hostile;
    const {job, extranonce1} = this.#honest;
    const word = (): string => hostile.hex(4).padStart(8, '0').slice(0, 8);
    const known = [USER, job!.jobId, job!.time, extranonce1, word(), 1, `${USER}+4`, 'x,d=7'];
    const good = (): string => JSON.stringify({
      id: hostile.value([1, 2, 'x'], 0), method: 'mining.submit',
      params: [USER, job!.jobId, hostile.chance(80) ? `${word()}${word()}` : word(), job!.time, word(), ...(hostile.chance(30) ? [word()] : [])],
    });
    switch (hostile.chance(wildPercent) ? hostile.pick([1, 3, 4, 5]) : hostile.pick([0, 0, 2])) {
      case 0: return good();
      case 1: return hostile.damaged(good());
      case 2: return JSON.stringify({id: hostile.value([1]), method: hostile.chance(90) ? hostile.pick(METHODS) : hostile.value(METHODS), params: hostile.chance(85) ? hostile.values(known, 6) : hostile.value([])});
      case 3: return JSON.stringify(hostile.value(METHODS, 4));
      case 4: return hostile.bytes(200).toString('latin1').replaceAll('\n', ' ');
      default: return hostile.damaged('{"id":1,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],{"version-rolling.mask":"ffffffff","minimum-difficulty.value":2048}]}');
    }
  }
}
