/**
 * @module What the command line prints: results on standard output, complaints on standard error.
 * Both are written synchronously, so that a pipe has everything before the process ends.
 */
import {writeSync} from 'node:fs';

export function print(text: string): void {
  writeAll(1, text.endsWith('\n') ? text : `${text}\n`);
}

export function complain(text: string): void {
  writeAll(2, text.endsWith('\n') ? text : `${text}\n`);
}

function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return; // The reader has seen enough (`pithead help | head -1`).
      if (code !== 'EAGAIN') throw error;
    }
  }
}
