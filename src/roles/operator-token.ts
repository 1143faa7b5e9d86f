/**
 * @module The operator's secret: configured, or drawn once and kept in the data folder, readable by this user only.
 */
import {randomBytes} from 'node:crypto';
import {chmodSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {StartError} from './start-error.js';

const TOKEN_FILE = 'operator-token';
const TOKEN_BYTES = 32;
/** Anything shorter was cut or edited. */
const TOKEN_CHARS_MIN = 16;

/** @throws StartError when the file holds no token. */
export function operatorToken(dataDir: string, configured: string): string {
  if (configured !== '') return configured;
  const file = join(dataDir, TOKEN_FILE);
  if (!existsSync(file)) return makeToken(file);
  const token = readFileSync(file, 'utf8').trim();
  if (!/^[\x21-\x7e]+$/.test(token) || token.length < TOKEN_CHARS_MIN) {
    throw new StartError('operator-token-unreadable', `${file} holds no token of at least ${TOKEN_CHARS_MIN} characters. Delete it, and the next start makes a new one.`);
  }
  // A copy from a backup may have come with other rights.
  chmodSync(file, 0o600);
  return token;
}

function makeToken(file: string): string {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  writeSync(handle, `${token}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(temporary, file);
  return token;
}
