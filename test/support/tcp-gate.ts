/**
 * @module A TCP port in front of another one that can be shut and opened again: to its callers, the program behind it is
 * killed and comes back on the same port, with all that it had.
 */
import {connect, createServer, type AddressInfo, type Socket} from 'node:net';

export interface TcpGate {
  readonly port: number;
  /** Refuses connections and breaks those that are open. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

export async function openTcpGate(targetPort: number): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  let port = 0;
  const server = createServer((near) => {
    const far = connect({host: '127.0.0.1', port: targetPort});
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const open = (): Promise<void> => new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      ({port} = server.address() as AddressInfo);
      resolve();
    });
  });
  const shut = (): Promise<void> => new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
  await open();
  return {port, shut, open};
}
