/**
 * Finds the public test vectors, which lie beside the repository and are no part of it. A checkout without them still
 * passes: callers then skip and print a `note:` line that says so.
 */
import {existsSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

// From dist/test/support: the repository is three levels up; a second checkout may lie one folder deeper.
const CANDIDATES = ['../../../../shared/vectors/', '../../../../../shared/vectors/']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)));

const folder = CANDIDATES.find((candidate) => existsSync(candidate));

/** @returns undefined, and prints why once per file, when the vectors are not on this machine. */
export function readSharedVector(name: string): Uint8Array | undefined {
  const path = folder === undefined ? undefined : folder + name;
  if (path === undefined || !existsSync(path)) {
    process.stdout.write(`note: shared vector ${name} is not on this machine; its cases were skipped\n`);
    return undefined;
  }
  return new Uint8Array(readFileSync(path));
}

export function readSharedText(name: string): string | undefined {
  const bytes = readSharedVector(name);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
