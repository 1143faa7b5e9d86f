/**
 * @module The key that the pool is paid to when the operator named no address: made once, kept in the data folder.
 * Good for a devnet; whoever runs a pool for others sets `pool.payoutAddress` and keeps the key elsewhere.
 */
import {randomBytes} from 'node:crypto';
import {closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {addressesOf, decodePrivateKey, encodePrivateKey, privateKeyFromRandom} from '../protocol/address/private-key.js';
import {decodeAddress} from '../protocol/address/address.js';
import type {CoinSpec} from '../protocol/chain/chain-spec.js';
import {StartError} from './start-error.js';

const WALLET_FILE = 'pool-wallet.json';

export interface PayoutTarget {
  readonly address: string;
  readonly scriptPubKey: Uint8Array;
  /** Where the key was made or found; undefined when the address was configured. */
  readonly keyFile: string | undefined;
}

/** @throws StartError when the configured address or the kept key is none of this chain. */
export function payoutTarget(spec: CoinSpec, options: {readonly configured: string; readonly dataDir: string}): PayoutTarget {
  if (options.configured !== '') return {...scriptOf(spec, options.configured, 'pool.payoutAddress'), keyFile: undefined};
  const keyFile = join(options.dataDir, WALLET_FILE);
  if (!existsSync(keyFile)) makeKey(spec, keyFile);
  const kept = JSON.parse(readFileSync(keyFile, 'utf8')) as {privateKey?: unknown};
  const key = decodePrivateKey(String(kept.privateKey), spec.address);
  if (!key.ok) throw new StartError('pool-wallet-unreadable', `${keyFile} holds no private key of ${spec.name} (${key.code}). Restore it from a backup, or set pool.payoutAddress.`);
  return {...scriptOf(spec, addressesOf(key.value, spec.address).p2wpkh, keyFile), keyFile};
}

function scriptOf(spec: CoinSpec, address: string, where: string): {address: string; scriptPubKey: Uint8Array} {
  const decoded = decodeAddress(address, spec.address);
  if (!decoded.ok) throw new StartError('payout-address-invalid', `${where}: ${address} is no address of ${spec.name} (${decoded.code}).`);
  return {address, scriptPubKey: decoded.value.scriptPubKey};
}

/** Written whole or not at all, and on disk before anything is paid to it. */
function makeKey(spec: CoinSpec, keyFile: string): void {
  let drawn = privateKeyFromRandom(randomBytes(32));
  while (!drawn.ok) drawn = privateKeyFromRandom(randomBytes(32));
  const text = `${JSON.stringify({chain: spec.name, address: addressesOf(drawn.value, spec.address).p2wpkh, privateKey: encodePrivateKey(drawn.value, spec.address)}, null, 2)}\n`;
  const temporary = `${keyFile}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, keyFile);
}
