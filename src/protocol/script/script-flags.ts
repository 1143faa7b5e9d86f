/**
 * @module Which script rules bind: a set of bits. Names and meanings are Bitcoin Core's SCRIPT_VERIFY_*.
 * Consensus flags depend on the height; the rest is policy, which only the mempool asks for.
 */

export const SCRIPT_FLAG = {
  /** BIP 16. */
  P2SH: 1 << 0,
  STRICTENC: 1 << 1,
  /** BIP 66. */
  DERSIG: 1 << 2,
  LOW_S: 1 << 3,
  /** BIP 147. */
  NULLDUMMY: 1 << 4,
  SIGPUSHONLY: 1 << 5,
  MINIMALDATA: 1 << 6,
  DISCOURAGE_UPGRADABLE_NOPS: 1 << 7,
  CLEANSTACK: 1 << 8,
  /** BIP 65. */
  CHECKLOCKTIMEVERIFY: 1 << 9,
  /** BIP 112. */
  CHECKSEQUENCEVERIFY: 1 << 10,
  /** BIP 141, 143. */
  WITNESS: 1 << 11,
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: 1 << 12,
  MINIMALIF: 1 << 13,
  NULLFAIL: 1 << 14,
  WITNESS_PUBKEYTYPE: 1 << 15,
  CONST_SCRIPTCODE: 1 << 16,
  /** BIP 341, 342. */
  TAPROOT: 1 << 17,
  DISCOURAGE_UPGRADABLE_TAPROOT_VERSION: 1 << 18,
  DISCOURAGE_OP_SUCCESS: 1 << 19,
  DISCOURAGE_UPGRADABLE_PUBKEYTYPE: 1 << 20,
} as const;

export type ScriptFlagName = keyof typeof SCRIPT_FLAG;
/** A union of {@link SCRIPT_FLAG} bits. */
export type ScriptFlags = number;

export const NO_SCRIPT_FLAGS: ScriptFlags = 0;

/** Every rule that can be consensus: what a transaction must pass to be mineable anywhere. */
export const MANDATORY_FLAGS: ScriptFlags = SCRIPT_FLAG.P2SH | SCRIPT_FLAG.DERSIG | SCRIPT_FLAG.NULLDUMMY
  | SCRIPT_FLAG.CHECKLOCKTIMEVERIFY | SCRIPT_FLAG.CHECKSEQUENCEVERIFY | SCRIPT_FLAG.WITNESS | SCRIPT_FLAG.TAPROOT;

/** What the mempool demands: consensus, plus the rules against malleation and against spending upgrade hooks. */
export const STANDARD_FLAGS: ScriptFlags = MANDATORY_FLAGS | SCRIPT_FLAG.STRICTENC | SCRIPT_FLAG.LOW_S
  | SCRIPT_FLAG.MINIMALDATA | SCRIPT_FLAG.CLEANSTACK | SCRIPT_FLAG.MINIMALIF | SCRIPT_FLAG.NULLFAIL
  | SCRIPT_FLAG.WITNESS_PUBKEYTYPE | SCRIPT_FLAG.CONST_SCRIPTCODE | SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_NOPS
  | SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM | SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION
  | SCRIPT_FLAG.DISCOURAGE_OP_SUCCESS | SCRIPT_FLAG.DISCOURAGE_UPGRADABLE_PUBKEYTYPE;

/** First heights at which the soft forks bind; see `ChainSpec.activation`. */
export interface ScriptActivation {
  readonly bip65: number;
  readonly bip66: number;
  readonly csv: number;
  readonly segwit: number;
  readonly taproot: number;
}

/** The flags that a block at `height` is judged with. BIP 16 binds from the first block, as in Core today. */
export function consensusFlags(activation: ScriptActivation, height: number): ScriptFlags {
  let flags: ScriptFlags = SCRIPT_FLAG.P2SH;
  if (height >= activation.bip66) flags |= SCRIPT_FLAG.DERSIG;
  if (height >= activation.bip65) flags |= SCRIPT_FLAG.CHECKLOCKTIMEVERIFY;
  if (height >= activation.csv) flags |= SCRIPT_FLAG.CHECKSEQUENCEVERIFY;
  if (height >= activation.segwit) flags |= SCRIPT_FLAG.WITNESS | SCRIPT_FLAG.NULLDUMMY;
  if (height >= activation.taproot) flags |= SCRIPT_FLAG.TAPROOT;
  return flags;
}
