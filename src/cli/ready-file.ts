/**
 * @module The ready file: other programs wait for it and read where to connect. It appears whole or not at all.
 */
import {renameSync, rmSync, writeFileSync} from 'node:fs';
import type {Endpoints} from '../roles/site.js';

/** Written beside and renamed: a reader never sees half a file. */
export function writeReadyFile(file: string, endpoints: Endpoints): void {
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, `${JSON.stringify({pid: process.pid, endpoints})}\n`);
  renameSync(temporary, file);
}

/** One from an earlier run would call a process ready that is only starting. */
export function removeReadyFile(file: string): void {
  rmSync(file, {force: true});
}
