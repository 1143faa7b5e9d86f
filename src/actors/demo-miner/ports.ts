/**
 * @module What the demo miner needs: a line to a pool, and somebody to search nonces elsewhere than on this thread.
 */
import type {ActorRef} from '../../runtime/actor.js';
import type {NonceScan, NonceScanResult} from '../../protocol/mining/scan-nonces.js';

export interface MinerConnection {
  send(text: string): void;
  close(): void;
}

/** What `net` tells about the connection. */
export type MinerConnectionMessage =
  | {readonly type: 'demoMiner.connected'; readonly connection: MinerConnection}
  /** latin1 text; chunk borders mean nothing. */
  | {readonly type: 'demoMiner.received'; readonly text: string}
  | {readonly type: 'demoMiner.disconnected'};

export interface MinerNetwork {
  /** Tells `receiver` of the connection, of what arrives, and once of its end, also when it never came about. */
  connect(receiver: ActorRef<MinerConnectionMessage>): void;
}

export interface NonceScanner {
  scan(scan: NonceScan): Promise<NonceScanResult>;
}
