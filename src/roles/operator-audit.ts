/**
 * @module The record of what was changed through the operator's part: JSON lines in the data folder, only ever appended
 * to, each on disk before its change is made. People read it with `tail`; nothing of the pool depends on it.
 */
import {open, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {AuditEntry, AuditLog} from '../http/http-parts.js';

const AUDIT_FILE = 'operator-audit.jsonl';
const LINE_FEED = 0x0a;
/** Enough for a thousand entries of the usual size; older ones are in the file. */
const TAIL_BYTES_MAX = 512 * 1024;

export function openOperatorAudit(dataDir: string, wallMs: () => number): AuditLog {
  const file = join(dataDir, AUDIT_FILE);
  // One line at a time: two at once could mix.
  let last: Promise<unknown> = Promise.resolve();
  /** Looked at before the first line: a crash may have left half a one, and what follows on it could not be read. */
  let isAtLineStart = false;
  const add = async (line: string): Promise<void> => {
    const text = isAtLineStart || await endsWithLine(file) ? line : `\n${line}`;
    // Until it is whole: a write that fails may leave a part.
    isAtLineStart = false;
    await append(file, text);
    isAtLineStart = true;
  };
  return {
    record(entry) {
      const line = `${JSON.stringify({atSec: Math.floor(wallMs() / 1000), ...entry} satisfies AuditEntry)}\n`;
      const written = last.then(() => add(line));
      last = written.catch(() => undefined);
      return written;
    },
    async recent(limit) {
      await last;
      return (await tail(file)).slice(-limit).reverse();
    },
  };
}

async function append(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.write(line);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function endsWithLine(file: string): Promise<boolean> {
  const size = await stat(file).then((facts) => facts.size, () => 0);
  if (size === 0) return true;
  const handle = await open(file, 'r');
  try {
    const {buffer} = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === LINE_FEED;
  } finally {
    await handle.close();
  }
}

async function tail(file: string): Promise<AuditEntry[]> {
  const size = await stat(file).then((facts) => facts.size, () => 0);
  if (size === 0) return [];
  const handle = await open(file, 'r');
  try {
    const length = Math.min(size, TAIL_BYTES_MAX);
    const {buffer} = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8').split('\n');
    // The first line of a cut tail is half a line; the last one is so after a crash.
    return lines.slice(length < size ? 1 : 0).flatMap(entryOf);
  } finally {
    await handle.close();
  }
}

function entryOf(line: string): AuditEntry[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as AuditEntry];
  } catch {
    return []; // Half a line: the machine stopped while it was written, before its change was made.
  }
}
