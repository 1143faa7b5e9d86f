/** @module The hash type that ends a signature: which parts of the transaction it signs. Source: BIP 143, BIP 341. */

export const SIGHASH = {
  /** Taproot only: as ALL, and adds no byte to the signature. */
  DEFAULT: 0,
  ALL: 1,
  NONE: 2,
  SINGLE: 3,
  ANYONE_CAN_PAY: 0x80,
} as const;

/** The output part of a legacy or v0 hash type: five bits count, so unknown types behave like ALL. */
export function legacyOutputType(hashType: number): number {
  return hashType & 0x1f;
}

export function isAnyoneCanPay(hashType: number): boolean {
  return (hashType & SIGHASH.ANYONE_CAN_PAY) !== 0;
}

/** STRICTENC: ALL, NONE or SINGLE, with or without ANYONE_CAN_PAY. */
export function isDefinedHashType(hashType: number): boolean {
  const base = hashType & ~SIGHASH.ANYONE_CAN_PAY;
  return base >= SIGHASH.ALL && base <= SIGHASH.SINGLE;
}

/** BIP 341 knows these seven and refuses every other. */
export function isTaprootHashType(hashType: number): boolean {
  return hashType <= 3 || (hashType >= 0x81 && hashType <= 0x83);
}
