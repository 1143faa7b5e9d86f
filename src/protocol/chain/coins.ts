/**
 * @module The coins that a pool of Pithead can mine on a node elsewhere: Bitcoin and its test networks, BTQ, and our own
 * chains. Facts of those networks, not rules that are judged here: addresses, the first block, how soon a reward is ripe.
 *
 * Bitcoin: chainparams of Bitcoin Core 29. BTQ: chainparams of BTQ Core 0.1; its Dilithium addresses are not read here.
 */
import {displayHexToHash} from '../bytes/hex.js';
import {assert} from '../verdict.js';
import type {AddressPrefixes, CoinSpec} from './chain-spec.js';
import {DEVNET, REGTEST} from './presets.js';

const TEST_PREFIXES = {pubKeyHash: 111, scriptHash: 196, wif: 239} as const;

interface CoinFacts {
  readonly rpcName: string;
  readonly genesis: string;
  readonly address: AddressPrefixes;
  readonly initialSubsidySats: bigint;
  readonly halvingIntervalBlocks: number;
  readonly targetSpacingSec: number;
  readonly retargetIntervalBlocks: number | undefined;
  readonly witnessScaleFactor: number;
}

function coin(name: string, {genesis, ...facts}: CoinFacts): CoinSpec {
  const genesisHash = displayHexToHash(genesis);
  assert(genesisHash !== undefined, 'a constant of this file is a hash');
  return {name, ...facts, genesisHash, coinbaseMaturityBlocks: 100, isTestChain: facts.rpcName !== 'main'};
}

const BITCOIN = {initialSubsidySats: 5_000_000_000n, halvingIntervalBlocks: 210_000, targetSpacingSec: 600, witnessScaleFactor: 4} as const;
const BTQ = {initialSubsidySats: 500_000_000n, halvingIntervalBlocks: 2_100_000, targetSpacingSec: 60, witnessScaleFactor: 16} as const;
/** Test networks allow an easy block after a pause: whether the next one is easy depends on its time. */
const TARGET_BY_TIME = {retargetIntervalBlocks: undefined} as const;

export const MAIN = coin('main', {
  rpcName: 'main', genesis: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  address: {pubKeyHash: 0, scriptHash: 5, wif: 128, bech32: 'bc'}, ...BITCOIN, retargetIntervalBlocks: 2016,
});
export const TESTNET = coin('testnet', {
  rpcName: 'test', genesis: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
  address: {...TEST_PREFIXES, bech32: 'tb'}, ...BITCOIN, ...TARGET_BY_TIME,
});
export const TESTNET4 = coin('testnet4', {
  rpcName: 'testnet4', genesis: '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
  address: {...TEST_PREFIXES, bech32: 'tb'}, ...BITCOIN, ...TARGET_BY_TIME,
});
export const BTQ_MAIN = coin('btq', {
  rpcName: 'main', genesis: '0000ca45ea08433961609b50cd0c3f76d14589f8f61973ebbc344c3a160f7cdd',
  address: {pubKeyHash: 75, scriptHash: 135, wif: 235, bech32: 'qbtc'}, ...BTQ, retargetIntervalBlocks: 20_160,
});
export const BTQ_TESTNET = coin('btq-testnet', {
  rpcName: 'test', genesis: '5a6c309a7e9bb2fa314e63630520ca3c598c86a91dd2c6737e160cfadfc50f38',
  address: {...TEST_PREFIXES, bech32: 'tbtq'}, ...BTQ, ...TARGET_BY_TIME,
});
export const BTQ_REGTEST = coin('btq-regtest', {
  rpcName: 'regtest', genesis: '5a6c309a7e9bb2fa314e63630520ca3c598c86a91dd2c6737e160cfadfc50f38',
  address: {...TEST_PREFIXES, bech32: 'qcrt'}, ...BTQ, halvingIntervalBlocks: 1_500, retargetIntervalBlocks: 0,
});

export const COIN_NAMES = ['devnet', 'regtest', 'main', 'testnet', 'testnet4', 'btq', 'btq-testnet', 'btq-regtest'] as const;
export type CoinName = (typeof COIN_NAMES)[number];

export const COIN_SPECS: Readonly<Record<CoinName, CoinSpec>> = {
  'devnet': DEVNET, 'regtest': REGTEST, 'main': MAIN, 'testnet': TESTNET, 'testnet4': TESTNET4,
  'btq': BTQ_MAIN, 'btq-testnet': BTQ_TESTNET, 'btq-regtest': BTQ_REGTEST,
};
