/**
 * @module Solved blocks that the chain has not judged yet, on LMDB. A row is on disk before `put` resolves.
 */
import type {CandidateRow, CandidateStore} from '../actors/job-factory/ports.js';
import {decodeCandidate, encodeCandidate} from './accounting-rows.js';
import type {Database} from './open-database.js';

export function createCandidateStore(database: Database): CandidateStore {
  const table = database.table('candidates');
  return {
    pending() {
      const rows: CandidateRow[] = [];
      for (const row of table.range()) rows.push(decodeCandidate(row.value));
      return rows.sort((a, b) => a.foundAtMs - b.foundAtMs);
    },
    async put(row) {
      await database.batch((writer) => writer.put(table, row.hash, encodeCandidate(row)));
      await database.flushed();
    },
    async remove(hash) {
      await database.batch((writer) => writer.remove(table, hash));
    },
  };
}

/** The same in memory, for tests and the simulator. */
export function createMemoryCandidateStore(): CandidateStore {
  const rows = new Map<string, CandidateRow>();
  const keyOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
  return {
    pending: () => [...rows.values()].sort((a, b) => a.foundAtMs - b.foundAtMs),
    async put(row) {
      rows.set(keyOf(row.hash), row);
    },
    async remove(hash) {
      rows.delete(keyOf(hash));
    },
  };
}
