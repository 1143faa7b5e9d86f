// Proves what only a disk shows: rows survive a reopening, a batch is whole or absent, a foreign or newer database is
// refused with its code, and one data folder serves one process at a time.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {open as openBare} from 'lmdb';
import {join} from 'node:path';
import {LOCK_FILE_NAME, lockDirectory} from '../../../src/storage/directory-lock.js';
import {openDatabase} from '../../../src/storage/open-database.js';
import type {DatabaseOptions} from '../../../src/storage/open-database.js';
import {aTemporaryDirectory} from '../../support/temporary-directory.js';

const temporary = aTemporaryDirectory();
let folders = 0;

function options(overrides: Partial<DatabaseOptions> = {}): DatabaseOptions {
  return {directory: join(temporary.path, `folder.${folders++}`), kind: 'chain', chainName: 'regtest', formatVersion: 1, ...overrides};
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return (error as {code?: unknown}).code;
  }
  return 'no error';
}

const key = (byte: number): Uint8Array => Uint8Array.of(byte);

const database = suite('storage / open-database');

database('database-closed: reading after the end is an error in words, and lmdb never hears of it', async () => {
  const closed = openDatabase(options());
  const coins = closed.table('coins');
  await closed.batch((writer) => writer.put(coins, key(1), Uint8Array.of(9)));
  await closed.close();
  const reads = [() => coins.get(key(1)), () => coins.peek(key(1)), () => coins.has(key(1)), () => [...coins.range()]];
  for (const read of reads) assert.is(codeOf(read), 'database-closed');
});

database('rows survive closing and opening again', async () => {
  const place = options();
  const first = openDatabase(place);
  const coins = first.table('coins');
  await first.batch((writer) => writer.put(coins, key(1), Uint8Array.of(9, 8)));
  await first.close();
  const second = openDatabase(place);
  assert.equal([...second.table('coins').get(key(1))!], [9, 8]);
  await second.close();
});

database('a batch that throws in the middle leaves nothing behind', async () => {
  const opened = openDatabase(options());
  const coins = opened.table('coins');
  let failure: unknown;
  try {
    await opened.batch((writer) => {
      writer.put(coins, key(1), key(1));
      writer.put(coins, new Uint8Array(5_000), key(1));
    });
  } catch (error) {
    failure = error;
  }
  assert.match(String(failure), 'a key fits LMDB');
  await opened.batch((writer) => writer.put(coins, key(2), key(2)));
  assert.is(coins.has(key(1)), false);
  assert.is(coins.has(key(2)), true);
  await opened.close();
});

database('walks a range forwards and backwards with exclusive upper end', async () => {
  const opened = openDatabase(options());
  const rows = opened.table('rows');
  await opened.batch((writer) => [1, 2, 3, 4, 5].forEach((byte) => writer.put(rows, key(byte), key(byte))));
  const walk = (query: Parameters<typeof rows.range>[0]): number[] => Array.from(rows.range(query), (row) => row.key[0]!);
  assert.equal(walk({}), [1, 2, 3, 4, 5]);
  assert.equal(walk({from: key(2), to: key(4)}), [2, 3]);
  assert.equal(walk({from: key(2), to: key(4), reverse: true}), [3, 2]);
  assert.equal(walk({reverse: true, limit: 2}), [5, 4]);
  assert.is(rows.rowCount(), 5);
  await opened.close();
});

database('database-wrong-chain', async () => {
  const place = options();
  await openDatabase(place).close();
  assert.is(codeOf(() => openDatabase({...place, chainName: 'devnet'})), 'database-wrong-chain');
  await openDatabase(place).close();
});

database('database-newer-format', async () => {
  const place = options({formatVersion: 2});
  await openDatabase(place).close();
  assert.is(codeOf(() => openDatabase({...place, formatVersion: 1})), 'database-newer-format');
  const newer = openDatabase({...place, formatVersion: 3});
  assert.is(newer.formatVersion, 2, 'as it was found');
  await newer.close();
  assert.is(codeOf(() => openDatabase({...place, formatVersion: 2})), 'database-newer-format', 'rows of format 3 may be in it now');
});

database('database-corrupt when the rows are of another kind', async () => {
  const place = options({kind: 'accounting'});
  await openDatabase(place).close();
  assert.is(codeOf(() => openDatabase({...place, kind: 'chain'})), 'database-corrupt');
});

database('database-missing when asked to read what is not there', () => {
  assert.is(codeOf(() => openDatabase(options({readOnly: true}))), 'database-missing');
});

database('database-missing when the process that made it was killed before it wrote what it is', async () => {
  const empty = options();
  await openBare({path: empty.directory, noSubdir: false, maxDbs: 16}).close();
  assert.is(codeOf(() => openDatabase({...empty, readOnly: true})), 'database-missing');
  const withTable = options();
  const root = openBare({path: withTable.directory, noSubdir: false, maxDbs: 16});
  root.openDB({name: 'identity', encoding: 'binary', keyEncoding: 'binary'});
  await root.close();
  assert.is(codeOf(() => openDatabase({...withTable, readOnly: true})), 'database-missing');
  const noByte = options();
  mkdirSync(noByte.directory);
  writeFileSync(join(noByte.directory, 'data.mdb'), '');
  assert.is(codeOf(() => openDatabase({...noByte, readOnly: true})), 'database-missing');
  // The next start goes on as if nothing had been.
  for (const place of [empty, withTable, noByte]) {
    const again = openDatabase(place);
    assert.is(again.formatVersion, 1);
    await again.close();
  }
});

database('a table that was never made reads as empty', async () => {
  const place = options();
  await openDatabase(place).close();
  const reading = openDatabase({...place, readOnly: true});
  const table = reading.table('coins');
  assert.equal([table.get(key(1)), table.peek(key(1)), table.has(key(1)), table.rowCount(), [...table.range()]], [undefined, undefined, false, 0, []]);
  await reading.close();
});

database.after(() => temporary.dispose());
database.run();

const lock = suite('storage / directory-lock');

lock('database-locked for a second taker in this process, free again after release', () => {
  const place = aTemporaryDirectory();
  const held = lockDirectory(place.path);
  assert.is(codeOf(() => lockDirectory(place.path)), 'database-locked');
  held.release();
  held.release();
  assert.not.ok(existsSync(join(place.path, LOCK_FILE_NAME)));
  lockDirectory(place.path).release();
  place.dispose();
});

lock('database-locked while another process lives', () => {
  const place = aTemporaryDirectory();
  writeFileSync(join(place.path, LOCK_FILE_NAME), JSON.stringify({pid: process.ppid, startedAtTicks: ''}));
  assert.is(codeOf(() => lockDirectory(place.path)), 'database-locked');
  place.dispose();
});

lock('takes over the lock of a process that is gone', () => {
  const place = aTemporaryDirectory();
  const gone = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(join(place.path, LOCK_FILE_NAME), JSON.stringify({pid: gone.pid, startedAtTicks: '1'}));
  const held = lockDirectory(place.path);
  assert.is(JSON.parse(readFileSync(join(place.path, LOCK_FILE_NAME), 'utf8')).pid, process.pid);
  held.release();
  place.dispose();
});

lock('takes over when the pid lives but began at another time', () => {
  if (!existsSync(`/proc/${process.ppid}/stat`)) return;
  const place = aTemporaryDirectory();
  writeFileSync(join(place.path, LOCK_FILE_NAME), JSON.stringify({pid: process.ppid, startedAtTicks: '1'}));
  lockDirectory(place.path).release();
  place.dispose();
});

lock('takes over a lock with its own pid from an earlier life, and an unreadable one', () => {
  for (const content of [JSON.stringify({pid: process.pid, startedAtTicks: ''}), 'half a file']) {
    const place = aTemporaryDirectory();
    writeFileSync(join(place.path, LOCK_FILE_NAME), content);
    lockDirectory(place.path).release();
    place.dispose();
  }
});

lock.run();
