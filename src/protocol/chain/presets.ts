/**
 * @module The chains that Pithead knows by name. `regtest` is Bitcoin Core 26's bit for bit: other nodes and miners
 * must not be able to tell. `devnet` is ours. Every number here is consensus: to change one is to make another chain.
 */
import {hexToBytes} from '../bytes/hex.js';
import {sha256d} from '../bytes/sha256.js';
import {assert} from '../verdict.js';
import type {ChainName, ChainSpec} from './chain-spec.js';
import type {GenesisPlan} from './genesis.js';

const COIN_SATS = 100_000_000n;

// The public key that Bitcoin's first coinbase pays to; its coins never entered the coin set.
const BITCOIN_GENESIS_SCRIPT = bytes('4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38'
  + 'c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac');

export const GENESIS_PLANS: Readonly<Record<ChainName, GenesisPlan & {readonly nonce: number}>> = {
  regtest: {
    text: 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks', scriptPubKey: BITCOIN_GENESIS_SCRIPT,
    valueSats: 50n * COIN_SATS, timeSec: 1_296_688_602, bits: 0x207fffff, version: 1, nonce: 2,
  },
  // OP_RETURN: nobody can claim to own it. The text dates it; the time lies before any clock that runs this.
  devnet: {
    text: 'Pithead devnet 2026-01-01: coins of this chain are worth nothing', scriptPubKey: Uint8Array.of(0x6a),
    valueSats: 5n * COIN_SATS, timeSec: 1_767_225_600, bits: 0x1e0ffff0, version: 0x20000000, nonce: 4_251_494,
  },
};

const GENESIS_BYTES: Readonly<Record<ChainName, Uint8Array>> = {
  regtest: bytes('0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61'
    + '7fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f200200000001010000000100000000000000000000000000000000000000000000'
    + '00000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f7220'
    + '6f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0'
    + 'fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b'
    + '6bf11d5fac00000000'),
  devnet: bytes('000000200000000000000000000000000000000000000000000000000000000000000000cbd5cd5e5d771e17cd9c683400a48bbd'
    + '740b6354a5af39e543f3004c00e7b22400b95569f0ff0f1e66df400001010000000100000000000000000000000000000000000000000000'
    + '00000000000000000000ffffffff4804ffff001d01044050697468656164206465766e657420323032362d30312d30313a20636f696e7320'
    + '6f66207468697320636861696e2061726520776f727468206e6f7468696e67ffffffff010065cd1d00000000016a00000000'),
};

/** Shared on purpose: keys and addresses made for regtest's tools work on devnet, and neither is real money. */
const REGTEST_ADDRESS = {pubKeyHash: 111, scriptHash: 196, wif: 239, bech32: 'bcrt'} as const;

const BITCOIN_LIMITS = {
  maxMoneySats: 21_000_000n * COIN_SATS,
  // Kept on devnet, where it is 17 minutes: wallets and pools have 100 built in.
  coinbaseMaturityBlocks: 100,
  witnessScaleFactor: 4,
  maxBlockWeightWu: 4_000_000,
  maxBlockSigopCost: 80_000,
} as const;

export const REGTEST: ChainSpec = {
  name: 'regtest',
  rpcName: 'regtest',
  magic: bytes('fabfb5da'),
  genesisBytes: GENESIS_BYTES.regtest,
  genesisHash: sha256d(GENESIS_BYTES.regtest.subarray(0, 80)),
  address: REGTEST_ADDRESS,
  engine: {
    kind: 'pow',
    powLimit: (1n << 255n) - 1n,
    powLimitBits: 0x207fffff,
    retarget: {kind: 'bitcoin', intervalBlocks: 2016, spacingSec: 600, noRetarget: true, allowMinDifficulty: true},
  },
  targetSpacingSec: 600,
  retargetIntervalBlocks: 0,
  isTestChain: true,
  initialSubsidySats: 50n * COIN_SATS,
  halvingIntervalBlocks: 150,
  ...BITCOIN_LIMITS,
  maxFutureSec: 7200,
  activation: {bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 0, taproot: 0},
};

/**
 * Blocks every 10 seconds from any hardware: the easiest target is difficulty 2^-12, about a million hashes, one second
 * of one core in JavaScript. The half-life of 300 s is 30 blocks: a miner a thousand times stronger is absorbed within
 * minutes, and the target's own noise stays near a tenth. The anchor moves with the chain because a devnet sleeps at
 * night. 5 coins, halved every 2,100,000 blocks (243 days), sum up to Bitcoin's 21 million. Clocks may differ by two
 * minutes: with blocks this fast, Bitcoin's two hours would let one miner choose the target.
 */
export const DEVNET: ChainSpec = {
  name: 'devnet',
  rpcName: 'devnet',
  magic: bytes('d1f7b1e5'),
  genesisBytes: GENESIS_BYTES.devnet,
  genesisHash: sha256d(GENESIS_BYTES.devnet.subarray(0, 80)),
  address: REGTEST_ADDRESS,
  engine: {
    kind: 'pow',
    powLimit: 0xffffn << 220n,
    powLimitBits: 0x1e0ffff0,
    retarget: {kind: 'asert', spacingSec: 10, halfLifeSec: 300, anchor: 'parent'},
  },
  targetSpacingSec: 10,
  retargetIntervalBlocks: undefined,
  isTestChain: true,
  initialSubsidySats: 5n * COIN_SATS,
  halvingIntervalBlocks: 2_100_000,
  ...BITCOIN_LIMITS,
  maxFutureSec: 120,
  activation: {bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 0, taproot: 0},
};

export const CHAIN_SPECS: Readonly<Record<ChainName, ChainSpec>> = {regtest: REGTEST, devnet: DEVNET};

function bytes(hex: string): Uint8Array {
  const decoded = hexToBytes(hex);
  assert(decoded !== undefined, 'a constant of this file is hex');
  return decoded;
}
