/**
 * @module `pithead keygen`: a new private key and its addresses. Printed once and stored nowhere.
 */
import {randomBytes} from 'node:crypto';
import {addressesOf, encodePrivateKey, privateKeyFromRandom} from '../protocol/address/private-key.js';
import {COIN_NAMES, COIN_SPECS, type CoinName} from '../protocol/chain/coins.js';
import type {Command} from './command.js';
import {print} from './print.js';


export const keygenCommand: Command = {
  name: 'keygen',
  summary: 'Prints a new private key and its addresses. Nothing is stored.',
  usage: '[--chain CHAIN] [--json]',
  flags: {
    chain: {kind: 'text', value: 'CHAIN', doc: `${COIN_NAMES.join(', ')}. Default devnet`, choices: [...COIN_NAMES]},
    json: {kind: 'switch', doc: 'one JSON object'},
  },
  notes: ['The first line is the private key in wallet import format (WIF): whoever has it has the coins.'],
  takesWords: false,
  run(_words, flags) {
    const chain = (flags.text('chain') ?? 'devnet') as CoinName;
    const prefixes = COIN_SPECS[chain].address;
    let key = privateKeyFromRandom(randomBytes(32));
    while (!key.ok) key = privateKeyFromRandom(randomBytes(32));
    const addresses = addressesOf(key.value, prefixes);
    const wif = encodePrivateKey(key.value, prefixes);
    if (flags.has('json')) {
      print(JSON.stringify({chain, wif, ...addresses}));
      return Promise.resolve(0);
    }
    print([
      `private key  ${wif}`,
      `p2wpkh       ${addresses.p2wpkh}`,
      `p2tr         ${addresses.p2tr}`,
      `p2pkh        ${addresses.p2pkh}`,
      `p2sh-p2wpkh  ${addresses.p2shP2wpkh}`,
    ].join('\n'));
    return Promise.resolve(0);
  },
};
