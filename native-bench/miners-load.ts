/**
 * @module The load of loop-delay.bench.ts, in a process of its own: many miners, each connected, authorised and sending a
 * share at an even pace over the whole crowd. Every submit is a different share of the newest job.
 *
 *   node miners-load.js PORT MINERS SHARES_PER_SECOND USER
 *
 * Sends 'ready' to its parent when all are connected, and {answered, refused} when told 'stop'.
 */
import {connect, type Socket} from 'node:net';

const [port, miners, sharesPerSecond, user] = process.argv.slice(2);
const CONNECT_AT_ONCE = 100;
/** Shares of one tick go out together; short enough to look like a steady stream. */
const TICK_MS = 20;

interface Miner {
  readonly socket: Socket;
  extranonce2: string;
  jobId: string;
  time: string;
  nonce: number;
  unread: string;
}

let answered = 0;
let refused = 0;

function open(): Promise<Miner> {
  return new Promise((resolve, reject) => {
    const socket = connect({port: Number(port), host: '127.0.0.1', noDelay: true});
    const miner: Miner = {socket, extranonce2: '', jobId: '', time: '', nonce: 0, unread: ''};
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (text: unknown) => {
      take(miner, String(text));
      if (miner.jobId !== '') resolve(miner);
    });
    socket.write(`{"id":1,"method":"mining.subscribe","params":["load"]}\n{"id":2,"method":"mining.authorize","params":["${user}","x"]}\n`);
  });
}

function take(miner: Miner, text: string): void {
  const lines = (miner.unread + text).split('\n');
  miner.unread = lines.pop() ?? '';
  for (const line of lines) {
    const {id, method, params, result} = JSON.parse(line) as {id: unknown; method?: string; params?: unknown[]; result?: unknown};
    if (method === 'mining.notify' && params !== undefined) {
      miner.jobId = String(params[0]);
      miner.time = String(params[7]);
    } else if (id === 1 && Array.isArray(result)) {
      miner.extranonce2 = '1'.padStart(Number(result[2]) * 2, '0');
    } else if (method === undefined && id !== 2) {
      answered += 1;
      if (result !== true) refused += 1;
    }
  }
}

const crowd: Miner[] = [];
while (crowd.length < Number(miners)) {
  crowd.push(...await Promise.all(Array.from({length: Math.min(CONNECT_AT_ONCE, Number(miners) - crowd.length)}, open)));
}
let turn = 0;
let owed = 0;
const pace = setInterval(() => {
  owed += (Number(sharesPerSecond) * TICK_MS) / 1_000;
  for (; owed >= 1; owed -= 1) {
    const miner = crowd[turn++ % crowd.length]!;
    miner.nonce += 1;
    const nonce = miner.nonce.toString(16).padStart(8, '0');
    miner.socket.write(`{"id":${miner.nonce + 10},"method":"mining.submit","params":["${user}","${miner.jobId}","${miner.extranonce2}","${miner.time}","${nonce}"]}\n`);
  }
}, TICK_MS);
process.on('message', () => {
  clearInterval(pace);
  process.send?.({answered, refused}, () => process.exit(0));
});
process.send?.('ready');
