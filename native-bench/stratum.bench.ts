/**
 * @module Durable shares per second through a real socket, beside a bare newline-JSON echo server under the same load.
 *
 * `ours` is the whole pool: socket, session, share hash, judgement, LMDB group commit on disk, answer. `echo` parses each
 * line and answers it, nothing else: what sockets and JSON cost at least. Both run in this process in turn; the clients
 * run in another one (stratum-load.ts), each connection with one submit under way, as a miner has. Every submit is a
 * different share at a target that nearly every hash meets, so nothing is mined during the run.
 *
 * A rate depends on who else wants the processors, and the clients want one of two. So the rows with `main thread` say what
 * the event loop's own thread was busy for a share, in the same runs: its inverse is what one thread could serve.
 */
import {fork} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {createAccountingStore} from '../src/storage/accounting-store.js';
import {openDatabase} from '../src/storage/open-database.js';
import {ALICE, startFakePool} from '../test/support/fake-miner-pool.js';
import type {BenchRow} from './bench-row.js';
import {interleaved, median} from './bench-row.js';
import {mainThreadUs} from './thread-time.js';

const CONNECTIONS = [1, 100, 1_000] as const;
const MEASURED_MS = 1_500;
const ROUNDS = 3;
/** The easiest that the scale has: one hash in 65,536 misses it. */
const EASIEST_EXPONENT = -32;
const LOAD = fileURLToPath(new URL('./stratum-load.js', import.meta.url));

interface LoadReport {
  readonly answered: number;
  readonly refused: number;
  readonly seconds: number;
  readonly failure?: string;
}

interface Measured {
  readonly rate: number;
  /** Of the main thread, an answer. */
  readonly busyUs: number;
}

export async function run(): Promise<BenchRow[]> {
  const echo = await startEcho();
  const rows: BenchRow[] = [];
  for (const connections of CONNECTIONS) {
    const busyUs: {readonly pithead: number[]; readonly echo: number[]} = {pithead: [], echo: []};
    const rateOf = async (name: keyof typeof busyUs, measured: Promise<Measured>): Promise<number> => {
      const {rate, busyUs: taken} = await measured;
      busyUs[name].push(taken);
      return rate;
    };
    const figures = await interleaved({
      pithead: () => rateOf('pithead', measurePool(connections)),
      echo: () => rateOf('echo', load({port: echo.port, connections, kind: 'echo'})),
    }, ROUNDS);
    const name = `durable shares, ${connections} connection${connections === 1 ? '' : 's'}`;
    rows.push(
      {suite: 'stratum', name, unit: 'shares/s', higherIsBetter: true, ours: figures['pithead']!, peers: {echo: figures['echo']!}},
      {
        suite: 'stratum', name: `${name}, main thread`, unit: 'us/share', higherIsBetter: false,
        // As for the rates, the first round warmed up.
        ours: median(busyUs.pithead.slice(1)), peers: {echo: median(busyUs.echo.slice(1))},
      },
    );
  }
  echo.close();
  return rows;
}

async function measurePool(connections: number): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'pithead-bench-'));
  const database = openDatabase({directory, kind: 'accounting', chainName: 'regtest', formatVersion: 1});
  const store = createAccountingStore(database);
  const pool = await startFakePool({
    store,
    vardiff: {startExponent: EASIEST_EXPONENT, exponentMin: EASIEST_EXPONENT, exponentMax: EASIEST_EXPONENT},
  });
  try {
    const {answered, refused, ...measured} = await load({port: pool.server.port, connections, kind: 'pool'});
    // Were answers given for shares that are not on disk, or most refused, the figure would mean nothing.
    if (refused > answered / 1_000) throw new Error(`${refused} of ${answered} shares were refused`);
    if (store.lastShareSeq() < answered - refused) throw new Error(`${answered} answered, ${store.lastShareSeq()} on disk`);
    return measured;
  } finally {
    await pool.stop();
    await database.close();
    rmSync(directory, {recursive: true, force: true});
  }
}

function load(facts: {readonly port: number; readonly connections: number; readonly kind: 'pool' | 'echo'}): Promise<LoadReport & Measured> {
  const child = fork(LOAD, [String(facts.port), String(facts.connections), '1', String(MEASURED_MS), facts.kind, `${ALICE}.bench`]);
  return new Promise((resolve, reject) => {
    let startedUs = 0;
    child.on('message', (message) => {
      const report = message as LoadReport | {readonly isStarted: true};
      if ('isStarted' in report) startedUs = mainThreadUs();
      else if (report.failure === undefined) resolve({...report, rate: report.answered / report.seconds, busyUs: (mainThreadUs() - startedUs) / report.answered});
      else reject(new Error(report.failure));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load ended with ${code} and no report`)));
  });
}

/** What a Stratum server cannot do without: lines, JSON both ways, one write per chunk read. */
function startEcho(): Promise<{readonly port: number; close(): void}> {
  const server = createServer({noDelay: true}, (socket) => {
    socket.setEncoding('latin1');
    let unread = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: unknown) => {
      const text = unread + String(chunk);
      let from = 0;
      let answers = '';
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        const {id} = JSON.parse(text.slice(from, end)) as {id: unknown};
        answers += `${JSON.stringify({id, result: true, error: null})}\n`;
        from = end + 1;
      }
      unread = text.slice(from);
      socket.write(answers, 'latin1');
    });
  });
  return new Promise((resolve) => {
    server.listen({port: 0, host: '127.0.0.1', backlog: 2_048}, () => resolve({port: (server.address() as AddressInfo).port, close: () => void server.close()}));
  });
}
