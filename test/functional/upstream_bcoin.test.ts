// Proves, with real processes and an independent node, what an operator relies on: a pool without a chain of its own mines on
// bcoin and on another Pithead; a node that is killed is replaced without a miner noticing, and gets its place back; a block
// found while all nodes are away reaches them when they return, even when the pool itself was killed in between.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {setTimeout as sleep} from 'node:timers/promises';
import {startBcoin, type BcoinNode} from '../support/bcoin-node.js';
import {startPithead, type PitheadProcess} from '../support/pithead-process.js';
import {StratumClient, targetOfBits} from '../support/stratum-client.js';
import {openTcpGate, type TcpGate} from '../support/tcp-gate.js';
import {aTemporaryDirectory} from '../support/temporary-directory.js';
import {ALICE} from '../support/fake-miner-pool.js';

const MINERS = 25;
const PASSWORD = 'secret';
const SEGWIT_HEIGHT = 10;

interface Site {
  readonly bcoin: BcoinNode;
  readonly pithead: PitheadProcess;
  readonly gates: {readonly bcoin: TcpGate; readonly pithead: TcpGate};
  readonly poolFolder: string;
  pool: PitheadProcess;
  miners: StratumClient[];
}

const test = suite<Site>('functional / upstream_bcoin');

async function startPool(site: Pick<Site, 'pithead' | 'gates' | 'poolFolder'>): Promise<PitheadProcess> {
  const upstream = [
    {rpcUrl: `http://127.0.0.1:${site.gates.bcoin.port}`, rpcUser: 'any', rpcPassword: PASSWORD},
    {rpcUrl: `http://127.0.0.1:${site.gates.pithead.port}`, rpcCookieFile: `${site.pithead.dataDir}/.cookie`},
  ];
  return startPithead({
    dataDir: site.poolFolder,
    flags: ['--role', 'mining-pool', '--set', `pool.upstream=${JSON.stringify(upstream)}`, '--set', 'pool.upstreamStaleSec=1.5', '--set', 'pool.upstreamFailBackSec=1'],
  });
}

async function connectMiners(pool: PitheadProcess): Promise<StratumClient[]> {
  const port = Number(pool.endpoints.stratum!.split(':')[1]);
  return Promise.all(Array.from({length: MINERS}, async (_, index) => (await StratumClient.connect(port)).start(`${ALICE}.rig${index}`)));
}

/** A block by one of the miners; the answer is what the pool said to it. */
async function mineBlock({miners}: Site): Promise<boolean> {
  const [miner] = miners;
  const reply = await miner!.submit(`${ALICE}.rig0`, miner!.mine({atMost: targetOfBits(Number.parseInt(miner!.job!.bits, 16))}));
  return reply.result === true;
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error(`not within half a minute: ${what}`);
}

const pitheadHeight = (site: Site): Promise<number> => site.pithead.rpc<number>('getblockcount');

/** Both nodes on the same block, and all miners on the work above it. */
async function allOn(site: Site, height: number): Promise<void> {
  await eventually(`both nodes at ${height}`, async () => site.bcoin.height() === height && await pitheadHeight(site) === height);
  assert.is(site.bcoin.tipHash(), await site.pithead.rpc('getbestblockhash'));
  await minersAbove(site, site.bcoin.tipHash());
}

async function minersAbove({miners}: Site, tipHash: string): Promise<void> {
  // The wire's order of words: the last of the display order comes first.
  const wire = tipHash.match(/.{8}/g)!.reverse().join('');
  await eventually('all miners have work on the tip', () => miners.every(({job}) => job?.previousHashText === wire));
}

test.before(async (site) => {
  const folder = aTemporaryDirectory();
  const [bcoin, pithead] = await Promise.all([startBcoin({hasBuriedForks: true, hasShortVotes: true, rpcPassword: PASSWORD}), startPithead({flags: ['--role', 'full']})]);
  // Both nodes under the same rules: bcoin votes witness in first.
  for (const block of await bcoin.mine(SEGWIT_HEIGHT)) assert.is(await pithead.rpc('submitblock', block), null);
  const gates = {bcoin: await openTcpGate(bcoin.rpcPort!), pithead: await openTcpGate(Number(new URL(pithead.endpoints.rpc!).port))};
  Object.assign(site, {bcoin, pithead, gates, poolFolder: folder.path});
  site.pool = await startPool(site);
  site.miners = await connectMiners(site.pool);
});

test.after(async (site) => {
  for (const miner of site.miners) miner.end();
  await site.pool.dispose();
  await site.pithead.dispose();
  await site.gates.bcoin.shut();
  await site.gates.pithead.shut();
  await site.bcoin.close();
});

test('a block of a Stratum miner is accepted by bcoin and by Pithead, and the accounting follows it there', async (site) => {
  assert.ok(await mineBlock(site));
  await allOn(site, SEGWIT_HEIGHT + 1);
  assert.ok(await mineBlock(site));
  await allOn(site, SEGWIT_HEIGHT + 2);
  await eventually('the first block has two confirmations', async () => {
    const overview = await (await fetch(`${site.pool.endpoints.http}/api/v1/overview`)).json() as {pool?: {found: {height: number; status: string; confirmations: number}[]}};
    return overview.pool?.found.some(({height, status, confirmations}) => height === SEGWIT_HEIGHT + 1 && status === 'pending' && confirmations === 2) === true;
  });
});

test('a block of others is heard of, and its tip is never mined on twice', async (site) => {
  const [hex] = await site.bcoin.mine(1);
  await minersAbove(site, site.bcoin.tipHash());
  assert.is(await site.pithead.rpc('submitblock', hex), null);
  await allOn(site, SEGWIT_HEIGHT + 3);
});

test('the first node is killed in the middle of work: no miner leaves, the second node serves and takes the next block', async (site) => {
  await site.gates.bcoin.shut();
  await eventually('the second node serves', () => site.pool.output().includes('"reason":"failover"'));
  assert.ok(await mineBlock(site));
  await eventually('Pithead has it', async () => await pitheadHeight(site) === SEGWIT_HEIGHT + 4);
  await minersAbove(site, await site.pithead.rpc('getbestblockhash'));
  assert.not.ok(site.miners.some(({isClosed}) => isClosed));
});

test('the first node comes back, is given what it missed, and serves again after its time', async (site) => {
  assert.is(site.bcoin.height(), SEGWIT_HEIGHT + 3);
  await site.gates.bcoin.open();
  await eventually('the pool brings its block back', () => site.bcoin.height() === SEGWIT_HEIGHT + 4);
  await eventually('the first node serves', () => site.pool.output().includes('"reason":"fail-back"'));
  assert.ok(await mineBlock(site));
  await allOn(site, SEGWIT_HEIGHT + 5);
});

test('with all nodes away the miners are told and stay; a block found meanwhile outlives even the pool\'s own death', async (site) => {
  await site.gates.bcoin.shut();
  await site.gates.pithead.shut();
  assert.ok(await mineBlock(site), 'the share is answered');
  await eventually('all miners are told', () => site.miners.every(({notifications}) => notifications.some(({method}) => method === 'client.show_message')));
  assert.not.ok(site.miners.some(({isClosed}) => isClosed));
  await site.pool.kill();
  site.pool = await startPool(site);
  assert.is(site.bcoin.height(), SEGWIT_HEIGHT + 5);
  await site.gates.bcoin.open();
  await site.gates.pithead.open();
  site.miners = await connectMiners(site.pool);
  await allOn(site, SEGWIT_HEIGHT + 6);
  assert.not.ok(site.pool.output().includes('job-refused-in-advance'));
});

test.run();
