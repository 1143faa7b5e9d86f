/**
 * @module An open-addressing table from hash to row number, for columns of many 32-byte hashes. Eight bytes a row where
 * a `Map` of strings takes over a hundred: a million headers must stay cheap.
 */

const EMPTY = -1;

export class HashTable {
  private slots = new Int32Array(1024).fill(EMPTY);
  private count = 0;
  private readonly hashOf: (row: number) => Uint8Array;

  constructor(hashOf: (row: number) => Uint8Array) {
    this.hashOf = hashOf;
  }

  find(hash: Uint8Array): number | undefined {
    const row = this.slots[this.slotOf(hash)]!;
    return row === EMPTY ? undefined : row;
  }

  /** `hashOf(row)` must answer already, and no row may have the same hash. */
  insert(row: number): void {
    if ((this.count + 1) * 2 > this.slots.length) this.grow();
    this.slots[this.slotOf(this.hashOf(row))] = row;
    this.count += 1;
  }

  /** The first bytes of a block hash are uniform (the zeros are at the other end), so they need no mixing. */
  private slotOf(hash: Uint8Array): number {
    const mask = this.slots.length - 1;
    let slot = (hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24)) & mask;
    for (;;) {
      const row = this.slots[slot]!;
      if (row === EMPTY || sameHash(this.hashOf(row), hash)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const rows = this.slots.filter((row) => row !== EMPTY);
    this.slots = new Int32Array(this.slots.length * 2).fill(EMPTY);
    for (const row of rows) this.slots[this.slotOf(this.hashOf(row))] = row;
  }
}

function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (left[i] !== right[i]) return false;
  return true;
}
