/**
 * @module Version bits that the miner may roll (BIP 310, BIP 320).
 *
 * Three rules are in the field for what a submitted value means: replace under the mask, OR, XOR. They give the same
 * header exactly when the job has no bit set under the mask; so such bits are never granted. All numbers unsigned 32 bit.
 */

/** BIP 320. */
export const GENERAL_PURPOSE_BITS = 0x1fffe000;

export function grantVersionMask(wishes: {readonly server: number; readonly client: number; readonly jobVersion: number}): number {
  return (wishes.server & wishes.client & ~wishes.jobVersion) >>> 0;
}

/** @returns whether only granted bits are used, and the version that was hashed in any case. */
export function rollVersion(roll: {readonly jobVersion: number; readonly mask: number; readonly bits: number}): {readonly isGranted: boolean; readonly version: number} {
  return {
    isGranted: (roll.bits & ~roll.mask) === 0,
    // Signed, as a header holds it.
    version: (roll.jobVersion & ~roll.mask) | roll.bits,
  };
}
