/**
 * @module A map with a bound; the oldest entry makes room. A ring of keys finds the oldest in constant time: asking a Map
 * for its first key walks over the holes that earlier deletions left, which makes steady eviction quadratic.
 */
export class FifoMap<K, V> {
  readonly #values = new Map<K, V>();
  readonly #ring: K[] = [];
  readonly #capacity: number;
  #oldest = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  has(key: K): boolean {
    return this.#values.has(key);
  }

  /** An entry that is already there keeps its age. */
  set(key: K, value: V): void {
    if (this.#capacity === 0) return;
    if (!this.#values.has(key)) {
      if (this.#ring.length < this.#capacity) {
        this.#ring.push(key);
      } else {
        this.#values.delete(this.#ring[this.#oldest]!);
        this.#ring[this.#oldest] = key;
        this.#oldest = (this.#oldest + 1) % this.#capacity;
      }
    }
    this.#values.set(key, value);
  }
}
