/** The address prefixes of Bitcoin's chains, for vectors. Presets of our own chains are in protocol/chain/presets.ts. */
import type {AddressPrefixes} from '../../src/protocol/chain/chain-spec.js';

const TEST_PREFIXES: AddressPrefixes = {pubKeyHash: 111, scriptHash: 196, wif: 239, bech32: 'tb'};

export const BITCOIN_PREFIXES = {
  main: {pubKeyHash: 0, scriptHash: 5, wif: 128, bech32: 'bc'},
  test: TEST_PREFIXES,
  signet: TEST_PREFIXES,
  regtest: {...TEST_PREFIXES, bech32: 'bcrt'},
} as const satisfies Record<string, AddressPrefixes>;

export type BitcoinChain = keyof typeof BITCOIN_PREFIXES;
