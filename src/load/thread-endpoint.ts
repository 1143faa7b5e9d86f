/**
 * @module Comlink's view of a Node message port. Its adapter is published as CommonJS with types of an ES module: the one
 * cast that this needs is here.
 */
import type {Endpoint} from 'comlink';
import adapter from 'comlink/dist/umd/node-adapter.js';
import type {NodeEndpoint} from 'comlink/dist/umd/node-adapter.js';
import type {MessagePort, Worker} from 'node:worker_threads';

const adapt = adapter as unknown as (port: NodeEndpoint) => Endpoint;

export function endpointOf(port: MessagePort | Worker): Endpoint {
  return adapt(port as unknown as NodeEndpoint);
}
