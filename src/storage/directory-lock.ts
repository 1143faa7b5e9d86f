/**
 * @module One process per data folder. LMDB itself lets two processes write in turn, and two chain actors that
 * take turns would each believe to be the one writer; so the folder carries a lock file with the owner's pid.
 *
 * A lock outlives a `kill -9`. It is stale when no process has its pid, or when the process of that pid began at
 * another time (pids are reused, and in a container the node is often pid 1 again). Start times are read from
 * /proc where the system has it; elsewhere a living pid counts as the owner.
 */
import {linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {StorageError} from './storage-error.js';

export const LOCK_FILE_NAME = 'pithead.lock';

export interface DirectoryLock {
  /** Gives the folder free. A second call does nothing. */
  release(): void;
}

interface LockOwner {
  readonly pid: number;
  /** Clock ticks since boot at which the process began; empty where the system does not tell. */
  readonly startedAtTicks: string;
}

/** Folders that this very process holds: its own pid in a lock file says nothing otherwise. */
const heldHere = new Set<string>();

/** @throws StorageError `database-locked` when another living process (or this one) holds the folder. */
export function lockDirectory(directory: string): DirectoryLock {
  const folder = resolve(directory);
  mkdirSync(folder, {recursive: true});
  const path = join(folder, LOCK_FILE_NAME);
  if (heldHere.has(folder)) throw lockedError(folder, process.pid);
  const candidate = `${path}.${process.pid}`;
  const self: LockOwner = {pid: process.pid, startedAtTicks: startTicks(process.pid)};
  writeFileSync(candidate, JSON.stringify(self));
  try {
    // Two rounds: the second follows the removal of a stale lock. Losing that race too means a living rival.
    if (!linkNew(candidate, path)) {
      const owner = readOwner(path);
      if (owner !== undefined && isAlive(owner)) throw lockedError(folder, owner.pid);
      removeFile(path);
      if (!linkNew(candidate, path)) throw lockedError(folder, readOwner(path)?.pid ?? 0);
    }
  } finally {
    removeFile(candidate);
  }
  heldHere.add(folder);
  return {
    release() {
      if (heldHere.delete(folder)) removeFile(path);
    },
  };
}

function lockedError(folder: string, pid: number): StorageError {
  return new StorageError('database-locked', `The data folder ${folder} is in use by process ${pid}. Stop it first, or choose another --data folder.`);
}

/** `link` fails when the name exists, and the file is complete the moment it appears. */
function linkNew(existing: string, name: string): boolean {
  try {
    linkSync(existing, name);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function readOwner(path: string): LockOwner | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('pid' in parsed) || typeof parsed.pid !== 'number') return undefined;
    const ticks = 'startedAtTicks' in parsed && typeof parsed.startedAtTicks === 'string' ? parsed.startedAtTicks : '';
    return {pid: parsed.pid, startedAtTicks: ticks};
  } catch {
    // Unreadable or gone: nobody can prove to own it.
    return undefined;
  }
}

function isAlive(owner: LockOwner): boolean {
  if (owner.pid === process.pid) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: alive, but of another user.
    if (!hasCode(error, 'EPERM')) return false;
  }
  const ticks = startTicks(owner.pid);
  return ticks === '' || owner.startedAtTicks === '' || ticks === owner.startedAtTicks;
}

/** Field 22 of /proc/PID/stat; the command name before it may hold spaces, so fields count from the last parenthesis. */
function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
