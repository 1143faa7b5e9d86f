/** @module JSON-RPC, family rawtransactions: known transactions, decoding, and addresses. */
import {bytesToHex, hashToDisplayHex} from '../../protocol/bytes/hex.js';
import {bytesEqual} from '../../protocol/bytes/compare.js';
import {decodeTransaction} from '../../protocol/primitives/transaction-codec.js';
import type {Coin} from '../../protocol/primitives/transaction.js';
import {decodeAddress} from '../../protocol/address/address.js';
import {classifyScript, witnessProgram} from '../../protocol/script/classify-script.js';
import {headerOf, readVerbosity} from './chain-methods.js';
import type {JsonValue} from './json-text.js';
import {ask, type RpcCall, type RpcMethod} from './rpc-method.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';
import {transactionJson} from './transaction-json.js';

async function getRawTransaction(call: RpcCall): Promise<JsonValue> {
  const txid = call.params.hash('txid');
  const verbosity = readVerbosity(call, 'verbosity', 0);
  if (call.params.raw('blockhash') !== undefined) return await transactionOfBlock(call, txid, verbosity);
  const entry = await ask(call.services.mempool, {type: 'mempool.getEntry', txid}, call);
  if (entry === null) {
    throw new RpcFault(RPC_CODE.invalidAddressOrKey, 'No such mempool transaction. For one in a block, give the hash of that block: this node keeps no transaction index.');
  }
  if (verbosity === 0) return bytesToHex(entry.transaction.bytes);
  return transactionJson(entry.transaction, {spec: call.services.spec, withHex: true});
}

async function transactionOfBlock(call: RpcCall, txid: Uint8Array, verbosity: number): Promise<JsonValue> {
  const hash = call.params.hash('blockhash');
  const view = await headerOf(call, hash);
  const found = await ask(call.services.chain, {type: 'chain.getBlock', hash}, call);
  if (found === null) throw new RpcFault(RPC_CODE.misc, 'Block not available: only its header is known');
  const index = found.block.transactions.findIndex((transaction) => bytesEqual(transaction.txid, txid));
  const transaction = found.block.transactions[index];
  if (transaction === undefined) throw new RpcFault(RPC_CODE.invalidAddressOrKey, 'No such transaction found in the provided block.');
  if (verbosity === 0) return bytesToHex(transaction.bytes);
  let spent: readonly Coin[] | undefined;
  if (verbosity >= 2 && index > 0) spent = (await ask(call.services.chain, {type: 'chain.getUndo', hash}, call))?.[index - 1];
  return {
    in_active_chain: view.isActive,
    ...transactionJson(transaction, {spec: call.services.spec, spent, withPrevouts: verbosity >= 2, withHex: true}),
    blockhash: hashToDisplayHex(hash),
    confirmations: Math.max(0, view.confirmations),
    time: view.header.timeSec,
    blocktime: view.header.timeSec,
  };
}

function decodeRawTransaction(call: RpcCall): JsonValue {
  const decoded = decodeTransaction(call.params.bytes('hexstring', 'TX decode failed'));
  if (!decoded.ok) throw new RpcFault(RPC_CODE.deserialization, `TX decode failed${decoded.detail === undefined ? '' : `: ${decoded.detail}`}`);
  return transactionJson(decoded.value, {spec: call.services.spec});
}

function validateAddress(call: RpcCall): JsonValue {
  const address = call.params.text('address');
  const decoded = decodeAddress(address, call.services.spec.address);
  if (!decoded.ok) return {isvalid: false, error_locations: [], error: decoded.detail ?? decoded.code};
  const script = decoded.value.scriptPubKey;
  const program = witnessProgram(script);
  const {type} = classifyScript(script);
  return {
    isvalid: true,
    address,
    scriptPubKey: bytesToHex(script),
    isscript: type === 'scripthash' || type === 'witness_v0_scripthash' || type === 'witness_v1_taproot',
    iswitness: program !== undefined,
    witness_version: program?.version,
    witness_program: program === undefined ? undefined : bytesToHex(program.program),
  };
}

export const TRANSACTION_METHODS: readonly RpcMethod[] = [
  {name: 'getrawtransaction', family: 'rawtransactions', params: ['txid', 'verbosity', 'blockhash'], summary: 'A transaction of the mempool, or of the named block.', run: getRawTransaction},
  {name: 'decoderawtransaction', family: 'rawtransactions', params: ['hexstring', 'iswitness'], summary: 'A transaction\'s bytes as fields.', run: decodeRawTransaction},
  {name: 'validateaddress', family: 'rawtransactions', params: ['address'], summary: 'Whether a text is an address of this chain, and its script.', run: validateAddress},
];
