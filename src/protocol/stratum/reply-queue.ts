/**
 * @module Keeps answers in the order of their requests: some are ready at once, a submit's only when it is on disk.
 */

export interface ReplySlot {
  /** Lines to send; undefined until known. */
  text: string | undefined;
  /** Takes the answer of an earlier slot, when that is known. */
  readonly sameAs: ReplySlot | undefined;
}

export class ReplyQueue {
  private slots: ReplySlot[] = [];
  private head = 0;

  get length(): number {
    return this.slots.length - this.head;
  }

  open(sameAs?: ReplySlot): ReplySlot {
    const slot: ReplySlot = {text: undefined, sameAs};
    this.slots.push(slot);
    return slot;
  }

  /** A slot that is also something else: what its text will follow from. */
  add(slot: ReplySlot): void {
    this.slots.push(slot);
  }

  /** What may leave now: answers up to the first that is still unknown. */
  takeReady(): string {
    if (this.slots.length === 0) return '';
    if (this.slots.length === 1) return this.takeOnly();
    let text = '';
    while (this.head < this.slots.length) {
      const slot = this.slots[this.head]!;
      slot.text ??= slot.sameAs?.text;
      if (slot.text === undefined) break;
      text += slot.text;
      this.head++;
    }
    // Compacts only when half is done, so that a long queue is not moved once per answer.
    if (this.head > 0 && this.head * 2 >= this.slots.length) {
      this.slots = this.slots.slice(this.head);
      this.head = 0;
    }
    return text;
  }

  /** A miner mostly waits for one answer: no array is made anew for it. */
  private takeOnly(): string {
    const slot = this.slots[0]!;
    const text = slot.text ?? slot.sameAs?.text;
    if (text === undefined) return '';
    this.slots.pop();
    return text;
  }
}
