/**
 * @module Where a pool's accounts lie inside the data folder, and in which format: one place for who writes and who checks.
 */
import {join} from 'node:path';
import type {DatabaseOptions} from './open-database.js';

const FOLDER = 'accounting';
const FORMAT_VERSION = 1;

/** What `openDatabase` is to be given. The folder is absent where no pool ever ran. */
export function accountingDatabase(dataDir: string, chainName: string): DatabaseOptions {
  return {directory: join(dataDir, FOLDER), kind: 'accounting', chainName, formatVersion: FORMAT_VERSION};
}
