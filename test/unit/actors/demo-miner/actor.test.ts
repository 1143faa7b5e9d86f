// Proves that the demo miner speaks Stratum as a miner does, keeps to its part of the CPU, drops work that a clean job
// made worthless, and comes back when the pool went away. The scanner is a script; time is virtual.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {demoMinerActor} from '../../../../src/actors/demo-miner/actor.js';
import type {DemoMinerInbox} from '../../../../src/actors/demo-miner/actor.js';
import type {GetDemoMinerStatus, DemoMinerStatus} from '../../../../src/actors/demo-miner/messages.js';
import type {MinerConnectionMessage} from '../../../../src/actors/demo-miner/ports.js';
import type {NonceScan, NonceScanResult} from '../../../../src/protocol/mining/scan-nonces.js';
import {createSimulation} from '../../../../src/runtime/sim/simulation.js';
import type {Simulation} from '../../../../src/runtime/sim/simulation.js';
import type {ActorRef} from '../../../../src/runtime/actor.js';
import {buildHeader} from '../../../support/stratum-client.js';
import type {NotifiedJob} from '../../../support/stratum-client.js';

const USER = 'bcrt1qexample.demo';
const JOB: NotifiedJob = {
  jobId: 'a', previousHashText: '0011223344556677'.repeat(4), coinbase1: '0200', coinbase2: 'ffff', branch: ['ab'.repeat(32), 'cd'.repeat(32)],
  version: '20000000', bits: '207fffff', time: '6955b900', cleanJobs: true,
};

interface Miner {
  readonly sim: Simulation;
  readonly miner: ActorRef<DemoMinerInbox>;
  /** Lines that the miner sent. */
  readonly sent: {readonly id: number; readonly method: string; readonly params: readonly string[]}[];
  readonly scans: NonceScan[];
  /** Virtual times at which scans began. */
  readonly scannedAtMs: number[];
  connections: number;
  /** What the next scans find; then nothing. */
  readonly finds: number[];
  scanTakesMs: number;
  line(wire: unknown): void;
  greet(): void;
  notify(job: NotifiedJob): void;
  disconnect(): void;
  status(): Promise<DemoMinerStatus>;
}

async function aMiner(facts: {dutyCycle?: number; threads?: number} = {}): Promise<Miner> {
  const sim = createSimulation({seed: 5, strategy: 'fifo'});
  let receiver: ActorRef<MinerConnectionMessage> | undefined;
  const own: Miner = {
    sim, sent: [], scans: [], scannedAtMs: [], connections: 0, finds: [], scanTakesMs: 40,
    miner: undefined as unknown as ActorRef<DemoMinerInbox>,
    line: (wire) => void receiver!.tell({type: 'demoMiner.received', text: `${JSON.stringify(wire)}\n`}),
    greet() {
      own.line({id: 1, result: [[], '01020304', 8], error: null});
      own.line({id: 2, result: true, error: null});
      own.line({id: null, method: 'mining.set_difficulty', params: [0.5]});
    },
    notify: (job) => own.line({
      id: null, method: 'mining.notify',
      params: [job.jobId, job.previousHashText, job.coinbase1, job.coinbase2, job.branch, job.version, job.bits, job.time, job.cleanJobs],
    }),
    disconnect: () => void receiver!.tell({type: 'demoMiner.disconnected'}),
    async status() {
      const asked = own.miner.ask<GetDemoMinerStatus>({type: 'demoMiner.getStatus'}, {timeoutMs: 1_000});
      await sim.runUntilIdle();
      return asked;
    },
  };
  const scan = (wanted: NonceScan): Promise<NonceScanResult> => {
    own.scans.push(wanted);
    own.scannedAtMs.push(sim.clock.nowMs());
    const nonce = own.finds.shift();
    const found = nonce === undefined ? undefined : {nonce, hash: new Uint8Array(32), header: wanted.header};
    const result = {found, tried: wanted.countMax, nextNonce: nonce === undefined ? wanted.firstNonce + wanted.countMax : nonce + 1};
    return new Promise((resolve) => void sim.system.after(own.scanTakesMs, () => resolve(result)));
  };
  const spec = demoMinerActor({
    scanner: {scan}, userName: USER, threads: facts.threads ?? 1, dutyCycle: facts.dutyCycle ?? 0.25,
    network: {
      connect(ref) {
        receiver = ref;
        own.connections += 1;
        ref.tell({type: 'demoMiner.connected', connection: {send: (text) => void own.sent.push(...text.trim().split('\n').map((line) => JSON.parse(line) as never)), close: () => undefined}});
      },
    },
  });
  (own as {miner: ActorRef<DemoMinerInbox>}).miner = sim.system.spawn(spec, {name: 'demo-miner'});
  await sim.runUntilIdle();
  return own;
}

const miner = suite('actors / demo-miner / actor');

miner('subscribes, authorises, and mines only when it has all it needs', async () => {
  const demo = await aMiner();
  assert.equal(demo.sent.map(({method}) => method), ['mining.subscribe', 'mining.authorize']);
  assert.equal(demo.sent[1]!.params, [USER, 'x']);
  demo.notify(JOB);
  await demo.sim.runUntilIdle();
  assert.is(demo.scans.length, 0);
  demo.greet();
  await demo.sim.runUntilIdle();
  assert.is(demo.scans.length, 1);
});

miner('scans the header that the protocol asks for, at the announced target', async () => {
  const demo = await aMiner();
  demo.greet();
  demo.notify(JOB);
  await demo.sim.runUntilIdle();
  const expected = buildHeader(JOB, {extranonce1: '01020304', extranonce2: '0000000000000001', time: JOB.time, nonce: 0});
  assert.equal(Buffer.from(demo.scans[0]!.header), expected);
  assert.is(demo.scans[0]!.target, (0xffffn << 208n) * 2n);
});

miner('submits what it finds, goes on behind it, and counts the answers', async () => {
  const demo = await aMiner();
  demo.finds.push(0xbeef);
  demo.greet();
  demo.notify(JOB);
  await demo.sim.advance(200);
  const submit = demo.sent.find(({method}) => method === 'mining.submit')!;
  assert.equal(submit.params, [USER, 'a', '0000000000000001', JOB.time, '0000beef']);
  assert.is(demo.scans[1]!.firstNonce, 0xbef0);
  demo.line({id: submit.id, result: true, error: null});
  demo.line({id: submit.id + 1, result: false, error: [21, 'stale', null]});
  const status = await demo.status();
  assert.equal([status.sharesAccepted, status.sharesRejected, status.lastRejectText], [1, 1, '[21,"stale",null]']);
});

miner('rests between slices so that its part of the CPU is what was asked', async () => {
  const demo = await aMiner({dutyCycle: 0.2});
  demo.greet();
  demo.notify(JOB);
  await demo.sim.advance(20_000);
  const busyMs = demo.scans.length * demo.scanTakesMs;
  assert.ok(busyMs > 0.18 * 20_000 && busyMs <= 0.21 * 20_000, `${busyMs} of 20000 ms`);
});

miner('makes slices as long as they should be', async () => {
  const demo = await aMiner();
  demo.scanTakesMs = 4;
  demo.greet();
  demo.notify(JOB);
  await demo.sim.advance(1_000);
  const counts = demo.scans.map(({countMax}) => countMax);
  assert.ok(counts[1]! > counts[0]! * 5, counts.slice(0, 3).join());
});

miner('a clean job ends the search for the old one, and its finds are not submitted', async () => {
  const demo = await aMiner();
  demo.finds.push(7);
  demo.greet();
  demo.notify(JOB);
  await demo.sim.advance(10);
  demo.notify({...JOB, jobId: 'b'});
  await demo.sim.advance(500);
  assert.not.ok(demo.sent.some(({method, params}) => method === 'mining.submit' && params[1] === 'a'));
  assert.ok(demo.scans.length >= 2);
});

miner('each thread searches a coinbase of its own', async () => {
  const demo = await aMiner({threads: 3});
  demo.greet();
  demo.notify(JOB);
  await demo.sim.runUntilIdle();
  assert.is(new Set(demo.scans.map(({header}) => Buffer.from(header).toString('hex'))).size, 3);
});

miner('comes back when the pool went away, ever more patiently, and starts anew', async () => {
  const demo = await aMiner();
  demo.greet();
  demo.notify(JOB);
  await demo.sim.advance(100);
  demo.disconnect();
  await demo.sim.advance(600);
  assert.is(demo.connections, 2);
  demo.greet();
  demo.disconnect();
  await demo.sim.advance(700);
  assert.is(demo.connections, 3, 'authorised before: the patience starts again with that');
  demo.disconnect();
  await demo.sim.advance(700);
  assert.is(demo.connections, 3);
  const before = demo.scans.length;
  await demo.sim.advance(5_000);
  assert.is(demo.scans.length, before, 'nothing is searched without a pool');
});

miner('lines that are no work are ignored', async () => {
  const demo = await aMiner();
  demo.greet();
  demo.notify({...JOB, bits: '207fff'});
  demo.notify({...JOB, branch: ['zz']});
  demo.line([]);
  demo.line({id: null, method: 'mining.set_difficulty', params: ['x']});
  demo.miner.tell({type: 'demoMiner.received', text: 'no json\n'});
  await demo.sim.runUntilIdle();
  assert.is(demo.scans.length, 0);
});

miner.run();
