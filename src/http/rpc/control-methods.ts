/** @module JSON-RPC, families control and network: help, uptime, stop, and what this node is. */
import type {JsonValue} from './json-text.js';
import type {RpcCall, RpcMethod} from './rpc-method.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';

/** Bitcoin's protocol version whose rules this node keeps. */
const PROTOCOL_VERSION = 70_016;

function getNetworkInfo(call: RpcCall): JsonValue {
  const [major = 0, minor = 0, patch = 0] = call.services.version.split('.').map((part) => Number.parseInt(part, 10));
  return {
    version: major * 10_000 + minor * 100 + patch,
    subversion: `/Pithead:${call.services.version}/`,
    protocolversion: PROTOCOL_VERSION,
    localservices: '0000000000000000',
    localservicesnames: [],
    localrelay: false,
    timeoffset: 0,
    // No peer-to-peer network in this version, and nothing here pretends otherwise.
    connections: 0,
    connections_in: 0,
    connections_out: 0,
    networkactive: false,
    networks: [],
    localaddresses: [],
    warnings: [],
  };
}

function stop(call: RpcCall): JsonValue {
  call.services.requestStop('JSON-RPC stop');
  return 'Pithead stopping';
}

/** `help` needs the table that it is part of, hence a function. */
export function controlMethods(all: () => readonly RpcMethod[]): readonly RpcMethod[] {
  return [
    {name: 'getnetworkinfo', family: 'network', params: [], summary: 'Version of this node; it has no peers.', run: getNetworkInfo},
    {name: 'getconnectioncount', family: 'network', params: [], summary: 'Number of peers: none in this version.', run: () => 0},
    {name: 'uptime', family: 'control', params: [], summary: 'Seconds since the start of the process.', run: () => Math.floor(process.uptime())},
    {name: 'stop', family: 'control', params: [], summary: 'Stops the node cleanly.', run: stop},
    {name: 'help', family: 'control', params: ['command'], summary: 'Lists the methods, or shows one.', run: (call) => help(call, all())},
  ];
}

function help(call: RpcCall, methods: readonly RpcMethod[]): JsonValue {
  const command = call.params.textOr('command', undefined);
  if (command !== undefined) {
    const method = methods.find((entry) => entry.name === command);
    if (method === undefined) throw new RpcFault(RPC_CODE.misc, `help: unknown command: ${command.slice(0, 100)}`);
    return `${usageOf(method)}\n\n${method.summary}`;
  }
  const families = [...new Set(methods.map((method) => method.family))].sort();
  return families.map((family) => `== ${family} ==\n${methods.filter((method) => method.family === family).map(usageOf).sort().join('\n')}`).join('\n\n');
}

function usageOf(method: RpcMethod): string {
  return [method.name, ...method.params.map((name) => `[${name}]`)].join(' ');
}
