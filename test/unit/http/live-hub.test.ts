// Proves who is told what and when over live connections: changes at most four times a second, a heartbeat when nothing
// changes, nothing at all without viewers, and that slow and silent viewers go. Virtual time, sockets of the test.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {createSimulation, type Simulation} from '../../../src/runtime/sim/simulation.js';
import type {OverviewReading} from '../../../src/http/overview-source.js';
import {BUFFERED_BYTES_MAX, HEARTBEAT_MS, LiveHub, type LiveSocket} from '../../../src/http/live-hub.js';

class FakeSocket implements LiveSocket {
  bufferedAmount = 0;
  pings = 0;
  closedWith: number | undefined = undefined;
  isTerminated = false;
  readonly received: string[] = [];
  send(text: string): void { this.received.push(text); }
  ping(): void { this.pings += 1; }
  close(code: number): void { this.closedWith = code; }
  terminate(): void { this.isTerminated = true; }
}

interface Bench {
  readonly simulation: Simulation;
  readonly hub: LiveHub;
  reads: number;
  value: number | undefined;
}

function aBench(): Bench {
  const simulation = createSimulation({seed: 3});
  const bench: Bench = {
    simulation, reads: 0, value: 1,
    hub: new LiveHub({
      read: () => {
        bench.reads += 1;
        const {value} = bench;
        return Promise.resolve(value === undefined ? undefined : {json: String(value), contentTag: `tag${value}`} as OverviewReading);
      },
    }, simulation.system),
  };
  return bench;
}

const hubs = suite('http / live-hub');

hubs('greets with the overview as it is, then speaks when it changes', async () => {
  const bench = aBench();
  const socket = new FakeSocket();
  bench.hub.open(socket);
  await bench.simulation.advance(5_000);
  assert.equal(socket.received, ['1']);
  bench.value = 2;
  await bench.simulation.advance(250);
  assert.equal(socket.received, ['1', '2']);
});

hubs('a value that changes all the time is told four times a second', async () => {
  const bench = aBench();
  const socket = new FakeSocket();
  bench.hub.open(socket);
  await bench.simulation.advance(0);
  for (let i = 0; i < 200; i += 1) {
    bench.value = 100 + i;
    await bench.simulation.advance(10);
  }
  assert.is(socket.received.length, 1 + 8);
});

hubs('reads nothing without viewers, neither before the first nor after the last', async () => {
  const bench = aBench();
  await bench.simulation.advance(5_000);
  assert.is(bench.reads, 0);
  const socket = new FakeSocket();
  bench.hub.open(socket);
  await bench.simulation.advance(1_000);
  bench.hub.ended(socket);
  const {reads} = bench;
  await bench.simulation.advance(60_000);
  assert.is(bench.reads, reads);
  assert.is(bench.simulation.system.stats().timersArmed, 0);
});

hubs('repeats itself at each heartbeat, so that silence means a dead connection', async () => {
  const bench = aBench();
  const socket = new FakeSocket();
  bench.hub.open(socket);
  for (let beat = 1; beat <= 3; beat += 1) {
    await bench.simulation.advance(HEARTBEAT_MS);
    bench.hub.ponged(socket);
    assert.is(socket.received.length, 1 + beat);
    assert.is(socket.pings, beat);
  }
});

hubs('drops a viewer that does not read, and only that one', async () => {
  const bench = aBench();
  const [slow, fast] = [new FakeSocket(), new FakeSocket()];
  bench.hub.open(slow);
  bench.hub.open(fast);
  await bench.simulation.advance(250);
  slow.bufferedAmount = BUFFERED_BYTES_MAX;
  bench.value = 2;
  await bench.simulation.advance(250);
  assert.not.ok(slow.isTerminated);
  slow.bufferedAmount = BUFFERED_BYTES_MAX + 1;
  bench.value = 3;
  await bench.simulation.advance(250);
  assert.ok(slow.isTerminated);
  assert.not.ok(fast.isTerminated);
  assert.is(fast.received.at(-1), '3');
  assert.equal(bench.hub.counts, {open: 1, opened: 2, droppedSlow: 1, droppedSilent: 0, messagesSent: 2 + 1 + 2});
});

hubs('drops a viewer that answers no ping', async () => {
  const bench = aBench();
  const socket = new FakeSocket();
  bench.hub.open(socket);
  await bench.simulation.advance(2 * HEARTBEAT_MS + 500);
  assert.not.ok(socket.isTerminated);
  await bench.simulation.advance(HEARTBEAT_MS);
  assert.ok(socket.isTerminated);
  assert.is(bench.hub.counts.droppedSilent, 1);
  assert.is(bench.hub.counts.open, 0);
});

hubs('ends a connection that speaks', async () => {
  const bench = aBench();
  const socket = new FakeSocket();
  bench.hub.open(socket);
  bench.hub.heard(socket);
  assert.is(socket.closedWith, 1003);
  await bench.simulation.advance(1_000);
  assert.is(socket.received.length, 0);
});

hubs('has nothing to say before the first overview, then says it', async () => {
  const bench = aBench();
  bench.value = undefined;
  const socket = new FakeSocket();
  bench.hub.open(socket);
  await bench.simulation.advance(1_000);
  assert.is(socket.received.length, 0);
  bench.value = 5;
  await bench.simulation.advance(250);
  assert.equal(socket.received, ['5']);
});

hubs('says goodbye to all when it closes, and takes no more', async () => {
  const bench = aBench();
  const socket = new FakeSocket();
  bench.hub.open(socket);
  await bench.simulation.advance(300);
  bench.hub.close();
  assert.is(socket.closedWith, 1001);
  const late = new FakeSocket();
  bench.hub.open(late);
  assert.is(late.closedWith, 1001);
  await bench.simulation.advance(60_000);
  assert.is(bench.hub.counts.open, 0);
  assert.is(bench.simulation.system.stats().timersArmed, 0);
});

hubs.run();
