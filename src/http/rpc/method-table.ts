/** @module All methods of the JSON-RPC by name. A method that is not here answers -32601. */
import {CHAIN_METHODS} from './chain-methods.js';
import {controlMethods} from './control-methods.js';
import {GENERATE_METHODS} from './generate-methods.js';
import {MEMPOOL_METHODS} from './mempool-methods.js';
import {MINING_METHODS} from './mining-methods.js';
import type {RpcMethod} from './rpc-method.js';
import {TRANSACTION_METHODS} from './transaction-methods.js';

const ALL: readonly RpcMethod[] = [
  ...CHAIN_METHODS, ...MEMPOOL_METHODS, ...TRANSACTION_METHODS, ...MINING_METHODS, ...GENERATE_METHODS, ...controlMethods(() => ALL),
];

export const RPC_METHODS: ReadonlyMap<string, RpcMethod> = new Map(ALL.map((method) => [method.name, method]));
