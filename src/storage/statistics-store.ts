/**
 * @module The history of hashrates on LMDB, in an environment of its own: its writes never hold up the share log's.
 *
 *   series   id (u32 BE) → u8 version=1 ‖ u32 createdSec ‖ u32 lastActiveSec ‖ name (UTF-8)
 *   buckets  id (u32 BE) ‖ u8 ring ‖ u16 slot (BE) → u32 startSec ‖ f32 coveredSec ‖ f64 hashes ‖ u32 accepted ‖ u32 rejected ‖ u32 connectedMax
 * Values are little-endian. A slot is written over when its ring comes round; nothing grows.
 */
import {join} from 'node:path';
import type {HistoryBucket} from '../actors/statistics/messages.js';
import type {SeriesRow, StatisticsStore} from '../actors/statistics/ports.js';
import {openDatabase, type Database, type DatabaseOptions, type Table} from './open-database.js';

const FOLDER = 'statistics';
const FORMAT_VERSION = 1;
/** Address space, not disk: 2,000 series of 11,208 buckets are about a gigabyte. */
const MAP_BYTES = 4 * 1024 ** 3;
const SERIES_VERSION = 1;
const SERIES_HEAD_BYTES = 9;
const BUCKET_BYTES = 28;
const U32_MAX = 0xffffffff;

export function statisticsDatabase(dataDir: string, chainName: string): DatabaseOptions {
  return {directory: join(dataDir, FOLDER), kind: 'statistics', chainName, formatVersion: FORMAT_VERSION, mapBytes: MAP_BYTES};
}

export function openStatisticsStore(options: DatabaseOptions): StatisticsStore & {close(): Promise<void>} {
  const database = openDatabase(options);
  return new LmdbStatisticsStore(database);
}

class LmdbStatisticsStore implements StatisticsStore {
  readonly #database: Database;
  readonly #series: Table;
  readonly #buckets: Table;

  constructor(database: Database) {
    this.#database = database;
    this.#series = database.table('series');
    this.#buckets = database.table('buckets');
  }

  series(): readonly SeriesRow[] {
    const rows: SeriesRow[] = [];
    for (const {key, value} of this.#series.range()) {
      const row = decodeSeries(key, value);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  bucket(seriesId: number, ring: number, slot: number): HistoryBucket | undefined {
    const value = this.#buckets.peek(bucketKey(seriesId, ring, slot));
    return value === undefined ? undefined : decodeBucket(value);
  }

  *buckets(seriesId: number, ring: number, {from, to}: {readonly from: number; readonly to: number}): Iterable<HistoryBucket> {
    for (const {value} of this.#buckets.range({from: bucketKey(seriesId, ring, from), to: bucketKey(seriesId, ring, to)})) {
      const bucket = decodeBucket(value);
      if (bucket !== undefined) yield bucket;
    }
  }

  async write({series, buckets}: Parameters<StatisticsStore['write']>[0]): Promise<void> {
    await this.#database.batch((writer) => {
      for (const row of series) writer.put(this.#series, seriesKey(row.id), encodeSeries(row));
      for (const {seriesId, ring, slot, bucket} of buckets) writer.put(this.#buckets, bucketKey(seriesId, ring, slot), encodeBucket(bucket));
    });
  }

  async forget(seriesId: number, limit: number): Promise<boolean> {
    const keys: Uint8Array[] = [];
    for (const {key} of this.#buckets.range({from: bucketKey(seriesId, 0, 0), to: bucketKey(seriesId + 1, 0, 0), limit})) keys.push(key.slice());
    const isAll = keys.length < limit;
    await this.#database.batch((writer) => {
      for (const key of keys) writer.remove(this.#buckets, key);
      if (isAll) writer.remove(this.#series, seriesKey(seriesId));
    });
    return isAll;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** In memory, for tests and the simulator. */
export function createMemoryStatisticsStore(): StatisticsStore {
  const series = new Map<number, SeriesRow>();
  const buckets = new Map<string, HistoryBucket>();
  return {
    series: () => [...series.values()],
    bucket: (seriesId, ring, slot) => buckets.get(`${seriesId} ${ring} ${slot}`),
    *buckets(seriesId, ring, {from, to}) {
      for (let slot = from; slot < to; slot += 1) {
        const bucket = buckets.get(`${seriesId} ${ring} ${slot}`);
        if (bucket !== undefined) yield bucket;
      }
    },
    async write(change) {
      for (const row of change.series) series.set(row.id, row);
      for (const row of change.buckets) buckets.set(`${row.seriesId} ${row.ring} ${row.slot}`, row.bucket);
    },
    async forget(seriesId, limit) {
      const keys = [...buckets.keys()].filter((key) => key.startsWith(`${seriesId} `)).slice(0, limit);
      for (const key of keys) buckets.delete(key);
      if (keys.length < limit) series.delete(seriesId);
      return keys.length < limit;
    },
  };
}

function seriesKey(id: number): Uint8Array {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(id, 0);
  return key;
}

function bucketKey(id: number, ring: number, slot: number): Uint8Array {
  const key = Buffer.alloc(7);
  key.writeUInt32BE(id, 0);
  key.writeUInt8(ring, 4);
  key.writeUInt16BE(slot, 5);
  return key;
}

function encodeSeries({name, createdSec, lastActiveSec}: SeriesRow): Uint8Array {
  const head = Buffer.alloc(SERIES_HEAD_BYTES);
  head.writeUInt8(SERIES_VERSION, 0);
  head.writeUInt32LE(createdSec, 1);
  head.writeUInt32LE(lastActiveSec, 5);
  return Buffer.concat([head, Buffer.from(name, 'utf8')]);
}

/** @returns undefined for a row of another layout: history is not worth a refusal to start. */
function decodeSeries(key: Uint8Array, value: Uint8Array): SeriesRow | undefined {
  if (key.length !== 4 || value.length < SERIES_HEAD_BYTES || value[0] !== SERIES_VERSION) return undefined;
  const row = Buffer.from(value.buffer, value.byteOffset, value.length);
  return {
    id: Buffer.from(key.buffer, key.byteOffset, key.length).readUInt32BE(0), name: row.toString('utf8', SERIES_HEAD_BYTES),
    createdSec: row.readUInt32LE(1), lastActiveSec: row.readUInt32LE(5),
  };
}

function encodeBucket(bucket: HistoryBucket): Uint8Array {
  const row = Buffer.alloc(BUCKET_BYTES);
  row.writeUInt32LE(bucket.startSec, 0);
  row.writeFloatLE(bucket.coveredSec, 4);
  row.writeDoubleLE(bucket.hashes, 8);
  row.writeUInt32LE(Math.min(bucket.sharesAccepted, U32_MAX), 16);
  row.writeUInt32LE(Math.min(bucket.sharesRejected, U32_MAX), 20);
  row.writeUInt32LE(Math.min(bucket.connectedMax, U32_MAX), 24);
  return row;
}

function decodeBucket(value: Uint8Array): HistoryBucket | undefined {
  if (value.length !== BUCKET_BYTES) return undefined;
  const row = Buffer.from(value.buffer, value.byteOffset, value.length);
  return {
    startSec: row.readUInt32LE(0), coveredSec: row.readFloatLE(4), hashes: row.readDoubleLE(8),
    sharesAccepted: row.readUInt32LE(16), sharesRejected: row.readUInt32LE(20), connectedMax: row.readUInt32LE(24),
  };
}
