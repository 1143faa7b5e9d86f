/**
 * @module Banned networks on LMDB, one row each: network as text → what was decided, as JSON. On disk before it resolves.
 */
import type {Ban} from '../actors/mining-pool/messages.js';
import type {BanStore} from '../actors/mining-pool/ports.js';
import type {Database} from './open-database.js';
import {StorageError} from './storage-error.js';

export function createBanStore(database: Database): BanStore {
  const table = database.table('bans');
  return {
    load() {
      const bans: Ban[] = [];
      for (const row of table.range()) bans.push({network: Buffer.from(row.key).toString('utf8'), ...decodeBan(row.value)});
      return bans;
    },
    async put({network, ...rest}) {
      await database.batch((writer) => writer.put(table, Buffer.from(network), Buffer.from(JSON.stringify(rest))));
      await database.flushed();
    },
    async remove(networks) {
      await database.batch((writer) => {
        for (const network of networks) writer.remove(table, Buffer.from(network));
      });
      await database.flushed();
    },
  };
}

/** @throws StorageError `database-corrupt` */
function decodeBan(value: Uint8Array): Omit<Ban, 'network'> {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8')) as Omit<Ban, 'network'>;
  } catch {
    throw new StorageError('database-corrupt', 'The row of a ban cannot be read.');
  }
}

/** The same in memory, for tests and the simulator. */
export function createMemoryBanStore(): BanStore {
  const rows = new Map<string, Ban>();
  return {
    load: () => [...rows.values()],
    async put(ban) {
      rows.set(ban.network, ban);
    },
    async remove(networks) {
      for (const network of networks) rows.delete(network);
    },
  };
}
