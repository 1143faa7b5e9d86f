/**
 * @module TCP for the demo miner: the client end of a Stratum connection. Judges nothing.
 */
import {connect} from 'node:net';
import type {MinerNetwork} from '../actors/demo-miner/ports.js';

export function createMinerNetwork(endpoint: {readonly host: string; readonly port: number}): MinerNetwork {
  return {
    connect(receiver) {
      const socket = connect({host: endpoint.host, port: endpoint.port, noDelay: true});
      socket.setEncoding('latin1');
      socket.on('connect', () => {
        const outcome = receiver.tell({
          type: 'demoMiner.connected',
          connection: {
            send: (text) => void socket.write(text, 'latin1'),
            close: () => void socket.destroy(),
          },
        });
        if (outcome === 'dead') socket.destroy();
      });
      socket.on('data', (chunk: unknown) => void receiver.tell({type: 'demoMiner.received', text: String(chunk)}));
      // The close that follows an error is what counts.
      socket.on('error', () => undefined);
      socket.on('close', () => receiver.tell({type: 'demoMiner.disconnected'}));
    },
  };
}
