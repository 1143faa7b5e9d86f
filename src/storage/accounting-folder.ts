/**
 * @module Where a pool's accounts lie inside the data folder, and in which format: one place for who writes and who checks.
 */
import {join} from 'node:path';
import type {DatabaseOptions} from './open-database.js';

const FOLDER = 'accounting';
/** 2: the ledger. Rows of format 1 are read as they are and booked at the first start. */
const FORMAT_VERSION = 2;

/** What `openDatabase` is to be given. The folder is absent where no pool ever ran. */
export function accountingDatabase(dataDir: string, chainName: string): DatabaseOptions {
  return {directory: join(dataDir, FOLDER), kind: 'accounting', chainName, formatVersion: FORMAT_VERSION};
}
