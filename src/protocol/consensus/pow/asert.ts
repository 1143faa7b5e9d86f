/**
 * @module aserti3-2d: the target moves by a factor of two for each half-life that blocks lag behind their schedule.
 * Source: the ASERT specification of Bitcoin Cash (2020-11-15) and its vectors.
 */

export interface AsertInput {
  readonly anchorTarget: bigint;
  readonly spacingSec: number;
  readonly halfLifeSec: number;
  /** Time of the last block minus time of the anchor's PARENT, seconds; may be negative. */
  readonly timeDeltaSec: number;
  /** Height of the last block minus the anchor's. */
  readonly heightDelta: number;
  readonly powLimit: bigint;
}

const RADIX_BITS = 16n;
const RADIX = 1n << RADIX_BITS;

/** Target of the block after the last one, at most `powLimit`, at least 1. */
export function asertTarget(input: AsertInput): bigint {
  const lagSec = BigInt(input.timeDeltaSec) - BigInt(input.spacingSec) * BigInt(input.heightDelta + 1);
  // The division truncates towards zero and the shift floors: both as specified, and not the same for negatives.
  const exponent = (lagSec * RADIX) / BigInt(input.halfLifeSec);
  const shifts = exponent >> RADIX_BITS;
  const fraction = exponent - (shifts << RADIX_BITS);
  // 2^x for x in [0, 1), as a cubic in 16-bit fixed point; the constants are the specification's.
  const factor = RADIX
    + ((195766423245049n * fraction + 971821376n * fraction ** 2n + 5127n * fraction ** 3n + (1n << 47n)) >> 48n);
  const shift = shifts - RADIX_BITS;
  // A lag beyond this leaves the limit far behind; without the cut a hostile time would ask for a gigantic integer.
  if (shift > 512n) return input.powLimit;
  const scaled = input.anchorTarget * factor;
  const target = shift < 0n ? scaled >> -shift : scaled << shift;
  if (target === 0n) return 1n;
  return target > input.powLimit ? input.powLimit : target;
}
