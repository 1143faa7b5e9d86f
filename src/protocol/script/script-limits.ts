/** @module The sizes and counts that consensus allows a script. Source: Bitcoin Core script.h, BIP 342. */

/** Legacy and witness v0; tapscript has no limit of its own. */
export const SCRIPT_SIZE_MAX = 10_000;
export const STACK_ITEM_SIZE_MAX = 520;
/** Non-push opcodes executed or skipped, plus the keys of each CHECKMULTISIG. Not in tapscript. */
export const OPERATION_COUNT_MAX = 201;
export const MULTISIG_KEYS_MAX = 20;
/** Main and alternative stack together. */
export const STACK_DEPTH_MAX = 1000;
export const CONTROL_BLOCK_BASE_SIZE = 33;
export const CONTROL_BLOCK_NODE_SIZE = 32;
export const CONTROL_BLOCK_DEPTH_MAX = 128;
/** BIP 342: each signature check beyond the first 50 units must be paid for by witness bytes. */
export const VALIDATION_WEIGHT_PER_CHECK = 50;
export const VALIDATION_WEIGHT_ALLOWANCE = 50;
