/**
 * @module Wallet files and passphrases on disk. A wallet file is never overwritten: what it holds may be all that there is.
 */
import {existsSync, readFileSync} from 'node:fs';
import {reject, type Verdict} from '../protocol/verdict.js';
import {formatWalletFile, parseWalletFile, type WalletFile} from '../protocol/wallet/wallet-file.js';
import {writeWhole} from './whole-file.js';

export type WalletReadRejection = 'wallet-file-missing' | 'wallet-file-invalid';

export function readWalletFile(path: string): Verdict<WalletFile, WalletReadRejection> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return reject('wallet-file-missing', `${path} cannot be read (${String((error as {code?: unknown}).code)})`);
  }
  return parseWalletFile(text);
}

export function createWalletFile(path: string, file: WalletFile): Verdict<undefined, 'wallet-file-exists'> {
  if (existsSync(path)) return reject('wallet-file-exists', `${path} is there already; move it away first`);
  writeWhole(path, formatWalletFile(file));
  return {ok: true};
}

/** The first line, without its end. */
export function readPassphrase(path: string): Verdict<string, 'wallet-passphrase-missing'> {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/, 1);
    return line === '' ? reject('wallet-passphrase-missing', `the first line of ${path} is empty`) : {ok: true, value: line};
  } catch (error) {
    return reject('wallet-passphrase-missing', `${path} cannot be read (${String((error as {code?: unknown}).code)})`);
  }
}
