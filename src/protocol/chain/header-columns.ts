/**
 * @module Storage of the header tree: columns that grow by doubling, one row per header. About 170 bytes a header,
 * against some 500 as objects: a million headers are 170 MB and nothing for the garbage collector to walk.
 */
import type {BlockHeader} from '../primitives/block.js';
import {HEADER_SIZE, encodeHeader, readHeader} from '../primitives/block-codec.js';
import {ByteReader} from '../bytes/byte-reader.js';

export const NO_ROW = -1;

export class HeaderColumns {
  count = 0;
  parent = new Int32Array(64);
  /** An ancestor far back; see `skipHeight` in header-tree.ts. */
  skip = new Int32Array(64);
  firstChild = new Int32Array(64);
  nextSibling = new Int32Array(64);
  height = new Int32Array(64);
  timeSec = new Uint32Array(64);
  bits = new Uint32Array(64);
  flags = new Uint8Array(64);
  /** Order in which full bodies arrived; 0 while there is none. */
  arrival = new Float64Array(64);
  readonly chainwork: bigint[] = [];
  private headers = new Uint8Array(64 * HEADER_SIZE);
  private hashes = new Uint8Array(64 * 32);

  append(header: BlockHeader): number {
    const row = this.count;
    if (row === this.parent.length) this.grow();
    this.count += 1;
    this.headers.set(encodeHeader(header), row * HEADER_SIZE);
    this.hashes.set(header.hash, row * 32);
    this.timeSec[row] = header.timeSec;
    this.bits[row] = header.bits;
    this.firstChild[row] = NO_ROW;
    this.nextSibling[row] = NO_ROW;
    return row;
  }

  /** A view, valid until the next header is added. */
  hashView(row: number): Uint8Array {
    return this.hashes.subarray(row * 32, row * 32 + 32);
  }

  headerBytes(row: number): Uint8Array {
    return this.headers.slice(row * HEADER_SIZE, (row + 1) * HEADER_SIZE);
  }

  header(row: number): BlockHeader {
    return readHeader(new ByteReader(this.headerBytes(row)));
  }

  private grow(): void {
    this.parent = doubled(this.parent, Int32Array);
    this.skip = doubled(this.skip, Int32Array);
    this.firstChild = doubled(this.firstChild, Int32Array);
    this.nextSibling = doubled(this.nextSibling, Int32Array);
    this.height = doubled(this.height, Int32Array);
    this.timeSec = doubled(this.timeSec, Uint32Array);
    this.bits = doubled(this.bits, Uint32Array);
    this.flags = doubled(this.flags, Uint8Array);
    this.arrival = doubled(this.arrival, Float64Array);
    this.headers = doubled(this.headers, Uint8Array);
    this.hashes = doubled(this.hashes, Uint8Array);
  }
}

type NumberColumn = Int32Array | Uint32Array | Uint8Array | Float64Array;

function doubled<T extends NumberColumn>(column: T, Column: new (length: number) => T): T {
  const grown = new Column(column.length * 2);
  grown.set(column);
  return grown;
}
