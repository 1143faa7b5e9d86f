/**
 * @module The numeric errors of Bitcoin's JSON-RPC (Bitcoin Core, rpc/protocol.h): other pools and tools branch on them.
 */

export const RPC_CODE = {
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internalError: -32_603,
  /** Something went wrong that has no code of its own; also the usage text. */
  misc: -1,
  wrongType: -3,
  invalidAddressOrKey: -5,
  invalidParameter: -8,
  /** The bytes are not a transaction or a block. */
  deserialization: -22,
  /** A block or a transaction could not be judged, or lacks its inputs. */
  verify: -25,
  verifyRejected: -26,
  alreadyInChain: -27,
  /** Not ready yet. A client asks again. */
  warmingUp: -28,
} as const;

/** Ends one call with an error for its caller. Never leaves the RPC room. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault';
  readonly rpcCode: number;
  constructor(rpcCode: number, message: string) {
    super(message);
    this.rpcCode = rpcCode;
  }
}
