/**
 * @module The least that a Stratum server can do, to stand beside the pool: greets, answers every submit `true` without
 * looking at it, and writes a notify to every socket in one plain loop. No judgement, no log, no limits.
 */
import {createServer, type AddressInfo, type Socket} from 'node:net';

export interface BarePool {
  readonly port: number;
  /** One notify for all, written in a loop. */
  newTip(): void;
  close(): Promise<void>;
}

const EXTRANONCE2_SIZE = 8;
/** About as long as a job of ours without transactions. */
const COINBASE_HALF_HEX = '00'.repeat(90);

export function startBarePool(difficulty: number): Promise<BarePool> {
  const sockets = new Set<Socket>();
  let jobs = 0;
  const notify = (): string => {
    jobs += 1;
    return `${JSON.stringify({id: null, method: 'mining.notify', params: [jobs.toString(16), jobs.toString(16).padStart(64, '0'), COINBASE_HALF_HEX, COINBASE_HALF_HEX, [], '20000000', '1d00ffff', '65000000', true]})}\n`;
  };
  const server = createServer({noDelay: true}, (socket) => {
    let unread = '';
    sockets.add(socket);
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: unknown) => {
      const lines = (unread + String(chunk)).split('\n');
      unread = lines.pop()!;
      let answers = '';
      for (const line of lines) answers += answerTo(line, sockets.size) + (line.includes('mining.authorize') ? `{"id":null,"method":"mining.set_difficulty","params":[${difficulty.toFixed(20)}]}\n${notify()}` : '');
      socket.write(answers, 'latin1');
    });
  });
  return new Promise((resolve) => {
    server.listen({port: 0, host: '127.0.0.1', backlog: 2_048}, () => resolve({
      port: (server.address() as AddressInfo).port,
      newTip() {
        const text = notify();
        for (const socket of sockets) socket.write(text, 'latin1');
      },
      close() {
        for (const socket of sockets) socket.destroy();
        return new Promise((closed) => {
          server.close(() => closed());
        });
      },
    }));
  });
}

function answerTo(line: string, number: number): string {
  const {id, method} = JSON.parse(line) as {id: unknown; method: string};
  const result = method === 'mining.subscribe' ? [[['mining.notify', '1']], number.toString(16).padStart(8, '0'), EXTRANONCE2_SIZE] : method === 'mining.configure' ? {'version-rolling': false} : true;
  return `${JSON.stringify({id, result, error: null})}\n`;
}
