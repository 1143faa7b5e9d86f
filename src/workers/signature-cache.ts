/**
 * @module Remembers signatures that were found valid, so that a transaction checked for the mempool is not checked again
 * in its block. Only valid ones: an invalid one costs its sender, and must not push out what is worth keeping.
 *
 * The key is the whole question as text, so a hit is exact and no hash can be collided; V8 seeds its string hash.
 */
import type {SignatureCheck} from '../protocol/script/signature-check.js';
import {FifoMap} from '../runtime/threads/fifo-map.js';

/** Longer messages (ed25519 allows any) are not worth the memory. */
const MESSAGE_LENGTH_MAX = 256;

export class SignatureCache {
  hits = 0;
  misses = 0;
  readonly #valid: FifoMap<string, true>;

  constructor(capacity: number) {
    this.#valid = new FifoMap(capacity);
  }

  get size(): number {
    return this.#valid.size;
  }

  isKnownValid(check: SignatureCheck): boolean {
    const isKnown = check.message.length <= MESSAGE_LENGTH_MAX && this.#valid.has(keyOf(check));
    if (isKnown) this.hits += 1;
    else this.misses += 1;
    return isKnown;
  }

  addValid(check: SignatureCheck): void {
    if (check.message.length <= MESSAGE_LENGTH_MAX) this.#valid.set(keyOf(check), true);
  }
}

/** The key's length is written out and the signature's is fixed, so no two questions share a text. */
function keyOf({scheme, publicKey, signature, message}: SignatureCheck): string {
  return `${scheme}${publicKey.length}:${latin1(publicKey)}${latin1(signature)}${latin1(message)}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
