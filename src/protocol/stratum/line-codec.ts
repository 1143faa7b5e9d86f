/**
 * @module Lines out of a stream: Stratum V1 is one JSON value per line. Decides only where a line ends and whether it is
 * short enough; see `request.ts` for what it says. Chunk borders mean nothing, and nothing here throws.
 */

/** Far above an honest submit (about 200 bytes) or configure; a peer that sends more is broken or hostile. */
export const LINE_LENGTH_MAX = 16_384;

export interface LinesRead {
  /** Complete lines in order, without their ends; empty ones are left out. */
  readonly lines: readonly string[];
  /** The sender exceeded the line limit: `lines` holds what came before. Everything later is ignored. */
  readonly overflow: boolean;
}

export class LineReader {
  private pending = '';
  private isBroken = false;
  private readonly lengthMax: number;

  constructor(lengthMax = LINE_LENGTH_MAX) {
    this.lengthMax = lengthMax;
  }

  /** Held back until the rest of the line comes; at most the line limit. */
  get pendingLength(): number {
    return this.pending.length;
  }

  /** @param chunk - bytes, or latin1 text with one character per byte. */
  push(chunk: Uint8Array | string): LinesRead {
    if (this.isBroken) return {lines: [], overflow: true};
    const text = typeof chunk === 'string' ? chunk : latin1(chunk);
    // What nearly every chunk is: one line, whole.
    if (this.pending === '' && text.length <= this.lengthMax && text.indexOf('\n') === text.length - 1) {
      const line = withoutReturn(text.slice(0, -1));
      return {lines: line === '' ? [] : [line], overflow: false};
    }
    const lines: string[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      if (this.pending.length + end - from > this.lengthMax) return this.break(lines);
      const line = withoutReturn(this.pending + text.slice(from, end));
      this.pending = '';
      if (line.length > 0) lines.push(line);
      from = end + 1;
    }
    if (this.pending.length + text.length - from > this.lengthMax) return this.break(lines);
    this.pending += text.slice(from);
    return {lines, overflow: false};
  }

  private break(lines: readonly string[]): LinesRead {
    this.isBroken = true;
    this.pending = '';
    return {lines, overflow: true};
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}
