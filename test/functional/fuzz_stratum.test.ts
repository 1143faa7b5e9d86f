// Proves that the Stratum port of a real process survives what anybody may send: random bytes, damaged dialogues, shares
// that look nearly right, lines without end, other protocols, peers that vanish in the middle. Each connection is answered
// or closed, no actor throws, no session outlives its connection, and an honest miner is served all the while.
// `npm run fuzz:stratum -- --minutes N` does the same for longer.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {RawPeer} from '../support/load-peer.js';
import {StratumFuzz} from '../support/stratum-fuzz.js';

/** Fixed: what a run finds, the next one finds too. The command draws others. */
const SEED = 20_261_121;
const CONNECTIONS = 200;
const LANES = 12;
const PROBE_MS_MAX = 10_000;

const target = new StratumFuzz(SEED);
const fuzz = suite('functional / fuzz_stratum');

fuzz.before(() => target.start());
fuzz.after(() => target.dispose());

fuzz('hostile dialogues: each connection is answered to its end, or closed', async () => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < CONNECTIONS) {
      await target.connection(next++);
      await target.honestShare();
    }
  };
  await Promise.all(Array.from({length: LANES}, lane));
  process.stdout.write(`\nnote: seed ${SEED}: ${target.lines} hostile lines over ${target.connections} connections: ${Object.entries(target.outcomes).map(([how, count]) => `${how} × ${count}`).join(', ')}\n`);
  assert.ok(target.outcomes.closed > 0 && target.outcomes.answered > 0, 'patience and its end are both among them');
});

fuzz('other protocols and lines without end are closed', async () => {
  const greetings = ['GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(20), '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'.repeat(40), `${'['.repeat(60_000)}\n`.repeat(20), 'x'.repeat(2_000_000), '\n'.repeat(1_000), '\u0000'.repeat(100_000),
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'];
  for (const greeting of greetings) {
    const peer = await RawPeer.connect(target.port);
    peer.write(greeting);
    peer.write('\n{"id":"the-probe","method":"mining.extranonce.subscribe","params":[]}\n');
    assert.is.not(await peer.until('the-probe', PROBE_MS_MAX), 'silent', greeting.slice(0, 40));
    peer.vanish(true);
    await target.honestShare();
  }
});

fuzz('a crowd that connects and says nothing, or leaves at once', async () => {
  const crowd = await Promise.all(Array.from({length: 300}, () => RawPeer.connect(target.port)));
  for (const [index, peer] of crowd.entries()) if (index % 3 === 0) peer.vanish(index % 2 === 0);
  await target.honestShare();
  for (const peer of crowd) peer.vanish(true);
});

fuzz('afterwards: no session is left, nothing threw, memory and sockets are bounded, and the stop is clean', async () => {
  assert.equal(await target.problems(), []);
  process.stdout.write(`\nnote: ${target.honestShares} honest shares meanwhile; ${target.megabytesAtRest.toFixed(0)} MB at rest\n`);
});

fuzz.run();
