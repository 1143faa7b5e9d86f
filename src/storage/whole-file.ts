/**
 * @module A small file that is there whole or not at all, on disk before anybody relies on it, for its owner's eyes only.
 */
import {closeSync, fsyncSync, openSync, renameSync, writeSync} from 'node:fs';
import {dirname} from 'node:path';

const OWNER_ONLY = 0o600;

export function writeWhole(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', OWNER_ONLY);
  try {
    if (typeof content === 'string') writeSync(file, content);
    else writeAll(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  // The name itself: without it a power failure may leave the old file, or none.
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
