/**
 * @module Compact targets (`bits`): a base-256 float of one exponent byte and a signed 23-bit mantissa. Facts as in
 * Core's arith_uint256: signs, zero and overflow are spelled out because a lenient decoder accepts easier blocks.
 */

export interface CompactTarget {
  /** Meaningless when negative or overflown. */
  readonly target: bigint;
  readonly isNegative: boolean;
  readonly isOverflow: boolean;
}

export function decodeCompact(bits: number): CompactTarget {
  const size = bits >>> 24;
  let mantissa = bits & 0x007fffff;
  let target: bigint;
  if (size <= 3) {
    mantissa >>>= 8 * (3 - size);
    target = BigInt(mantissa);
  } else {
    target = BigInt(mantissa) << BigInt(8 * (size - 3));
  }
  return {
    target,
    isNegative: mantissa !== 0 && (bits & 0x00800000) !== 0,
    isOverflow: mantissa !== 0 && (size > 34 || (mantissa > 0xff && size > 33) || (mantissa > 0xffff && size > 32)),
  };
}

/** @returns undefined when the bits name no positive 256-bit target. */
export function compactToTarget(bits: number): bigint | undefined {
  const {target, isNegative, isOverflow} = decodeCompact(bits);
  return isNegative || isOverflow || target === 0n ? undefined : target;
}

/** Rounds down to 23 bits of mantissa, as every retarget does. Unsigned 32 bit. */
export function targetToCompact(target: bigint): number {
  let size = Math.ceil(target.toString(2).length / 8);
  if (target === 0n) size = 0;
  let mantissa = size <= 3
    ? Number(target) * 256 ** (3 - size)
    : Number(target >> BigInt(8 * (size - 3)));
  // The top mantissa bit is the sign: move it into the exponent.
  if (mantissa >= 0x800000) {
    mantissa = Math.floor(mantissa / 256);
    size += 1;
  }
  return size * 0x1000000 + mantissa;
}
