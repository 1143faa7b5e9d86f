/** @module Asks for a secret on the terminal without showing it. Where there is no terminal nobody is asked. */
import {createInterface} from 'node:readline';
import {Writable} from 'node:stream';

export async function askSecret(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  process.stderr.write(question);
  // What readline echoes goes nowhere.
  const silent = new Writable({write: (_chunk, _encoding, done) => done()});
  const lines = createInterface({input: process.stdin, output: silent, terminal: true});
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.question('', resolve);
      lines.once('close', () => resolve(undefined));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
