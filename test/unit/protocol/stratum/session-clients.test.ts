// Proves that a change of difficulty costs no honest share, whichever of the four rules in the field a client follows:
// at once, from the next job, rounded to a power of two, or measuring everything by the latest value (S19). The miner's
// hashrate jumps both ways; 200 ms lie between the two ends; hashes are drawn, not searched.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {HASHES_PER_DIFFICULTY_ONE, targetOfDifficultyText} from '../../../../src/protocol/stratum/difficulty.js';
import type {SessionEffect} from '../../../../src/protocol/stratum/session-types.js';
import {aHash} from '../../../support/ledger-builder.js';
import {aJob, aTemplate} from '../../../support/mining-fixtures.js';
import {Machine} from '../../../support/stratum-machine.js';
import type {Line} from '../../../support/stratum-machine.js';

const clients = suite('protocol / stratum / session-clients');
const TEMPLATE = aTemplate({bits: 0x1702c4e4, target: 0x02c4e4n << (8n * 20n)});
const LATENCY_MS = 200;

type Model = 'at-once' | 'next-job' | 'power-of-two' | 's19';

class Miner {
  readonly model: Model;
  jobId = '';
  latest = 1;
  /** Of the job at hand. */
  working = 1;
  droppedLocally = 0;

  constructor(model: Model) {
    this.model = model;
  }

  hear(line: Line): void {
    if (line.method === 'mining.set_difficulty') this.latest = Number(line.params![0]);
    if (line.method === 'mining.notify') {
      this.jobId = String(line.params![0]);
      this.working = this.latest;
    }
  }

  get difficulty(): number {
    if (this.model === 'at-once') return this.latest;
    return this.model === 'power-of-two' ? 2 ** Math.floor(Math.log2(this.working)) : this.working;
  }
}

/** xorshift: any spread will do. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function hashBelow(target: bigint, random: () => number): Uint8Array {
  const value = (target * BigInt(Math.floor(random() * 2 ** 52))) >> 52n;
  const hash = new Uint8Array(32);
  for (let at = 0, rest = value; at < 32; at++, rest >>= 8n) hash[at] = Number(rest & 255n);
  // The lowest bytes make each hash its own.
  for (let at = 0; at < 6; at++) hash[at] = Math.floor(random() * 256);
  return hash;
}

class Simulation {
  readonly machine = new Machine({isServed: false, config: {vardiff: {targetIntervalMs: 10_000, startExponent: 10, exponentMin: -32, exponentMax: 60}}});
  readonly miner: Miner;
  readonly random: () => number;
  private readonly inTransit: {readonly atMs: number; readonly run: () => void}[] = [];
  private readonly hashes = new Map<number, Uint8Array>();
  private served = 0;
  private jobs = 0;
  private extranonce2 = 0;

  constructor(model: Model, seed: number) {
    this.miner = new Miner(model);
    this.random = seeded(seed);
    this.machine.start(aJob({number: ++this.jobs, template: TEMPLATE}));
    this.deliver();
  }

  run(hashrate: number, untilMs: number): void {
    while (this.machine.nowMs < untilMs) {
      this.machine.nowMs += 100;
      for (let item = this.inTransit[0]; item !== undefined && item.atMs <= this.machine.nowMs; item = this.inTransit[0]) {
        this.inTransit.shift();
        item.run();
        this.deliver();
      }
      if (this.machine.nowMs % 1_000 === 0) this.machine.step({type: 'ticked'});
      if (this.machine.nowMs % 30_000 === 0) this.machine.offer(aJob({number: ++this.jobs, template: {...TEMPLATE, previousHash: aHash(Math.floor(this.jobs / 4))}}));
      this.deliver();
      const expected = hashrate * 0.1 / (this.miner.difficulty * HASHES_PER_DIFFICULTY_ONE);
      const found = Math.min(50, Math.floor(expected) + Number(this.random() < expected % 1));
      if (this.miner.jobId !== '') for (let count = 0; count < found; count++) this.find();
    }
  }

  private find(): void {
    const {miner, machine} = this;
    const hash = hashBelow(targetOfDifficultyText(String(miner.difficulty))!, this.random);
    // Firmware of this kind throws away what the latest difficulty would not take.
    if (miner.model === 's19' && miner.working < miner.latest) {
      miner.droppedLocally++;
      return;
    }
    const params = ['alice.rig', miner.jobId, (++this.extranonce2).toString(16).padStart(16, '0'), '6553f100', '00000000'];
    const text = `${JSON.stringify({id: this.extranonce2, method: 'mining.submit', params})}\n`;
    this.inTransit.push({atMs: machine.nowMs + LATENCY_MS, run: () => {
      const [task] = machine.step({type: 'received', text}).filter((effect): effect is Extract<SessionEffect, {type: 'hashShare'}> => effect.type === 'hashShare');
      if (task !== undefined) this.hashes.set(task.shareId, hash);
    }});
  }

  /** Threads and disk at once; lines to the miner after the latency. */
  private deliver(): void {
    for (; this.served < this.machine.effects.length; this.served++) {
      const effect = this.machine.effects[this.served]!;
      if (effect.type === 'hashShare') this.machine.step({type: 'shareHashed', shareId: effect.shareId, outcome: {ok: true, hash: this.hashes.get(effect.shareId)!, header: new Uint8Array(80)}});
      else if (effect.type === 'send') this.carry(effect.text);
      else this.machine.serve(effect);
    }
  }

  private carry(text: string): void {
    const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as Line);
    this.inTransit.push({atMs: this.machine.nowMs + LATENCY_MS, run: () => { for (const line of lines) this.miner.hear(line); }});
  }
}

for (const model of ['at-once', 'next-job', 'power-of-two', 's19'] as const) {
  clients(`no honest share is refused for its difficulty: ${model}`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const simulation = new Simulation(model, seed);
      simulation.run(1e12, 300_000);
      simulation.run(2e14, 600_000);
      simulation.run(5e12, 900_000);
      simulation.run(1e14, 1_200_000);
      const rejects = simulation.machine.of('recordReject').map(({reason}) => reason);
      assert.is(rejects.filter((reason) => reason === 'low-difficulty').length, 0, `seed ${seed}: ${rejects.join(' ')}`);
      assert.is(rejects.filter((reason) => reason !== 'stale').length, 0, `seed ${seed}: ${rejects.join(' ')}`);
      assert.ok(simulation.machine.of('recordShare').length > 100);
      const changes = simulation.machine.lines.filter(({method}) => method === 'mining.set_difficulty').length;
      assert.ok(changes >= 4, 'the difficulty did change');
      assert.is(simulation.miner.droppedLocally, 0);
    }
  });
}

clients.run();
