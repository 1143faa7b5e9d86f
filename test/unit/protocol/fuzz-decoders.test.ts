// Proves that no decoder of the program can be made to throw, hang or reserve memory by bytes that somebody else chose:
// random ones, and good ones that were cut, flipped, stretched and spliced. What a decoder does accept must survive its own
// encoder. The decoders are found by importing every module of src/protocol and src/storage: a new one without a line here
// fails the first test.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import {readdirSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {encodeAddress, decodeAddress} from '../../../src/protocol/address/address.js';
import {decodeBase58, decodeBase58Check, encodeBase58, encodeBase58Check} from '../../../src/protocol/address/base58check.js';
import {addressesOf, decodePrivateKey, encodePrivateKey} from '../../../src/protocol/address/private-key.js';
import {ByteReader, DecodeError, decodeWith} from '../../../src/protocol/bytes/byte-reader.js';
import {concatBytes} from '../../../src/protocol/bytes/compare.js';
import {bytesToHex, hashToDisplayHex} from '../../../src/protocol/bytes/hex.js';
import {REGTEST} from '../../../src/protocol/chain/presets.js';
import {compactToTarget, decodeCompact, targetToCompact} from '../../../src/protocol/consensus/pow/compact.js';
import {decodeBlock, decodeHeader, encodeBlock, encodeHeader} from '../../../src/protocol/primitives/block-codec.js';
import {decodeCoin, decodeStoredCoin, encodeCoin} from '../../../src/protocol/primitives/coin-codec.js';
import {decodeTransaction, encodeTransaction} from '../../../src/protocol/primitives/transaction-codec.js';
import {decodeUndo, encodeUndo} from '../../../src/protocol/primitives/undo-codec.js';
import {decodeTemplate} from '../../../src/protocol/mining/decode-template.js';
import {parseGuardedJson} from '../../../src/protocol/stratum/json-guard.js';
import {formatIpNetwork, parseIpAddress, parseIpNetwork} from '../../../src/protocol/endpoint/ip-network.js';
import {decodeProxyHeader} from '../../../src/protocol/endpoint/proxy-header.js';
import {decodeLine} from '../../../src/protocol/stratum/request.js';
import {decodeScriptNumber, encodeScriptNumber} from '../../../src/protocol/script/script-number.js';
import {decodeCandidate, decodeFoundBlock, decodeSegment, encodeCandidate, encodeFoundBlock, encodeSegment} from '../../../src/storage/accounting-rows.js';
import {
  decodeHeaderRow, decodeLogRow, decodeTipRow, decodeTotalsRow, encodeHeaderRow, encodeLogRow, encodeTipRow, encodeTotalsRow, headerKey, logKey,
} from '../../../src/storage/chain-rows.js';
import {decodePayout, decodePosition, decodeSettings, decodeTrackedCoin, encodePayout, encodePosition, encodeSettings, encodeTrackedCoin} from '../../../src/storage/payout-rows.js';
import {formatWalletFile, parseWalletFile} from '../../../src/protocol/wallet/wallet-file.js';
import {decodeBalance, decodeEntry, encodeBalance, encodeEntry} from '../../../src/storage/ledger-rows.js';
import {checkShareProof, formatShareProof, parseShareProof, type ShareProof} from '../../../src/protocol/payout/share-proof.js';
import {decodeSplit, decodeTreeChunk, encodeSplit, encodeTreeChunk} from '../../../src/storage/split-rows.js';
import {decodeRate, encodeRate} from '../../../src/storage/pps-store.js';
import {decodeChunk, decodeTotal, encodeChunk, encodeTotal} from '../../../src/storage/share-sums-store.js';
import {StorageError} from '../../../src/storage/storage-error.js';
import {coins, transactions} from '../../support/arbitraries.js';
import {aHash} from '../../support/ledger-builder.js';
import {plainCoin} from '../../support/plain-transaction.js';
import {MinedChain, MINER_KEY, aSpend} from '../../support/mined-chain.js';

interface DecoderCase {
  /** Good encodings, to be damaged. */
  readonly good: fc.Arbitrary<Uint8Array>;
  /** @returns undefined when refused; else the decoded value encoded again, or `true` where no encoder exists. */
  readonly recode: (bytes: Uint8Array) => Uint8Array | true | undefined;
  /** Each value has one encoding: what is accepted is byte for byte what the encoder writes. */
  readonly isCanonical?: boolean;
}

const RUNS = 400;
/** A decoder works through a few kilobytes: more than this is a loop over a number that the input announced. */
const SLOW_MS = 1_000;
const PREFIXES = REGTEST.address;
const encoder = new TextEncoder();
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const chain = new MinedChain();
chain.mineMany(101);
const block = chain.mine({transactions: [aSpend({from: [chain.coinbaseCoin(1)], key: MINER_KEY, outputs: [{valueSats: 7n, scriptPubKey: MINER_KEY.scriptPubKey}]})]});
const KEY = {secret: MINER_KEY.secretKey, isCompressed: true};
const HEADER_ROW_KEY = headerKey(7, aHash(1));

const shares = Array.from({length: 5}, (_, index) => ({
  seq: 11 + index, account: `account${index % 2}`, minerName: 'rig', work: 1n << BigInt(8 * index), height: 9, atMs: 1_800_000_000_000, hash: aHash(index), isBlock: index === 3,
}));
const foundBlock = {
  hash: aHash(1), height: 5, shareSeq: 12, account: 'account', minerName: 'rig', foundAtSec: 1_800_000_000, rewardSats: 50n, feeSats: 1n, status: 'pending' as const,
  roundWork: 1n << 70n, expectedWork: 9n, credits: [{account: 'a', sats: 25n}, {account: 'b', sats: 24n}], paysFinderDirectly: false,
  donationSats: 3n, donationAccount: 'charity', riskSats: 0n, booked: 'mature' as const, bookings: 2,
};
const split = {
  hash: aHash(4), terms: {scheme: 'PPS+' as const, feePpm: 10_000, donationPpm: 1, donationAccount: 'charity'}, subsidySats: 50n, windowWork: 1n << 80n,
  firstSeq: 3, lastSeq: 11, firstWork: 7n, work: [{account: 'a', work: 25n}], shareRoot: aHash(5),
};
const shareProof: ShareProof = {
  blockHash: aHash(4), height: 7, rewardSats: 50n, subsidySats: 40n, terms: split.terms, firstSeq: 3, lastSeq: 11, totalWork: 9n, root: aHash(6), account: 'a', isComplete: true,
  creditSats: 5n, steps: [{kind: 'share', seq: 4, work: 3n, hash: aHash(7)}, {kind: 'node', node: {hash: aHash(8), work: 6n}}, {kind: 'join'}],
};
const candidate = {hash: aHash(2), height: 6, blockBytes: block.bytes, account: 'account', minerName: 'rig', rewardSats: 50n, paysFinderDirectly: true, foundAtMs: 1_800_000_000_000};

/** As `getblocktemplate` answers, without what nobody needs. */
const TEMPLATE = {
  version: 0x20000000, rules: ['csv', '!segwit'], previousblockhash: '0f'.repeat(32), coinbasevalue: 5_000_000_000, longpollid: 'a1', target: `7fffff${'00'.repeat(29)}`,
  mintime: 1_700_000_000, curtime: 1_700_000_100, bits: '207fffff', height: 102, weightlimit: 4_000_000, sigoplimit: 80_000,
  transactions: [{data: bytesToHex(block.transactions[1]!.bytes), txid: hashToDisplayHex(block.transactions[1]!.txid), hash: hashToDisplayHex(block.transactions[1]!.wtxid), depends: [], fee: 1, sigops: 1, weight: 440}],
  default_witness_commitment: bytesToHex(block.transactions[0]!.outputs.at(-1)!.scriptPubKey),
};

/** Rows of our own files: damage is reported as `database-corrupt` and nothing else. */
function row<T>(decode: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): DecoderCase['recode'] {
  return (bytes) => {
    try {
      return encode(decode(bytes));
    } catch (error) {
      if (error instanceof StorageError && error.code === 'database-corrupt') return undefined;
      throw error;
    }
  };
}

function verdict<T>(decode: (bytes: Uint8Array) => {readonly ok: true; readonly value: T} | {readonly ok: false}, encode: (value: T) => Uint8Array): DecoderCase['recode'] {
  return (bytes) => {
    const decoded = decode(bytes);
    return decoded.ok ? encode(decoded.value) : undefined;
  };
}

const one = (bytes: Uint8Array | string): fc.Arbitrary<Uint8Array> => fc.constant(typeof bytes === 'string' ? encoder.encode(bytes) : bytes);

const walletCoin = {outpoint: {txid: aHash(6), vout: 1}, valueSats: 50n, scriptPubKey: MINER_KEY.scriptPubKey, height: 5, isCoinbase: true};
const payout: Parameters<typeof encodePayout>[0] = {
  id: 3, kind: 'payout', state: 'confirmed', version: 4, plannedAtMs: 1_800_000_000_000, changedAtMs: 1_800_000_000_001,
  payees: [{account: 'a', scriptPubKey: MINER_KEY.scriptPubKey, sats: 40n, feeSats: 1n}], coins: [walletCoin], changeScript: MINER_KEY.scriptPubKey,
  attempts: [{txid: aHash(8), feeSats: 2n, changeSats: 8n, vsize: 141, madeAtMs: 1_800_000_000_000, signed: new Uint8Array([1, 2])}],
  outbox: {id: 'payout/3/settled/1', kind: 'payout-settled', atMs: 1_800_000_000_000, postings: [{account: 'wallet/in-flight', sats: -5n}, {account: 'payable/a', sats: 5n}]},
  settlements: 1, confirmed: {attempt: 0, height: 6}, problem: 'none',
};

const CASES: Readonly<Record<string, DecoderCase>> = {
  decodeAddress: {
    good: fc.constantFrom(...Object.values(addressesOf(KEY, PREFIXES))).map((text) => encoder.encode(text)),
    recode: (bytes) => {
      const decoded = decodeAddress(textOf(bytes), PREFIXES);
      return decoded.ok ? encoder.encode(encodeAddress(decoded.value.scriptPubKey, PREFIXES)) : undefined;
    },
  },
  decodeBase58: {good: one(encodeBase58(aHash(1))), recode: (bytes) => {
    const decoded = decodeBase58(textOf(bytes));
    return decoded && encoder.encode(encodeBase58(decoded));
  }, isCanonical: true},
  decodeBase58Check: {good: one(encodeBase58Check(aHash(1))), recode: (bytes) => {
    const decoded = decodeBase58Check(textOf(bytes));
    return decoded && encoder.encode(encodeBase58Check(decoded));
  }, isCanonical: true},
  decodePrivateKey: {
    good: one(encodePrivateKey(KEY, PREFIXES)),
    recode: verdict((bytes) => decodePrivateKey(textOf(bytes), PREFIXES), (key) => encoder.encode(encodePrivateKey(key, PREFIXES))),
    isCanonical: true,
  },
  // Reads whatever the bytes themselves ask for, in every way that a reader can.
  decodeWith: {good: fc.uint8Array({minLength: 20, maxLength: 300}), recode: (bytes) => {
    const decoded = decodeWith(bytes, 'fuzz', (reader: ByteReader) => {
      const steps = [() => reader.u8(), () => reader.u16(), () => reader.u32(), () => reader.i32(), () => reader.i64(), () => reader.varint(), () => reader.count(9), () => reader.varBytes()];
      while (reader.remaining > 0) steps[reader.u8() % steps.length]!();
      return true as const;
    });
    return decoded.ok ? decoded.value : undefined;
  }},
  decodeCompact: {good: fc.uint8Array({minLength: 4, maxLength: 4}), recode: (bytes) => {
    const bits = Buffer.concat([bytes, Buffer.alloc(4)]).readUInt32LE(0);
    assert.ok(decodeCompact(bits).target >= 0n);
    const target = compactToTarget(bits);
    if (target === undefined) return undefined;
    assert.ok(target > 0n && target < 1n << 256n, `bits ${bits}`);
    assert.is(compactToTarget(targetToCompact(target)), target);
    return true;
  }},
  decodeTransaction: {good: transactions.map(({bytes}) => bytes), recode: verdict(decodeTransaction, (value) => encodeTransaction(value).bytes), isCanonical: true},
  decodeHeader: {good: one(encodeHeader(block.header)), recode: verdict(decodeHeader, encodeHeader), isCanonical: true},
  decodeBlock: {good: one(block.bytes), recode: verdict(decodeBlock, (value) => encodeBlock(value.header, value.transactions).bytes), isCanonical: true},
  decodeCoin: {good: coins.map(encodeCoin), recode: verdict(decodeCoin, encodeCoin)},
  // Between other rows, as a store keeps it. The undo record gets the row's own bytes, so they must be the encoder's.
  decodeStoredCoin: {good: coins.map(encodeCoin), recode: (bytes) => {
    const reader = new ByteReader(concatBytes(Uint8Array.of(1, 1), bytes, Uint8Array.of(7)));
    reader.skip(2);
    const decoded = decodeStoredCoin(reader, 2 + bytes.length);
    const plain = decodeCoin(bytes);
    assert.is(decoded.ok, plain.ok);
    if (!decoded.ok || !plain.ok) return undefined;
    assert.equal(plainCoin(decoded.value), plain.value);
    assert.is(decoded.value.isWitnessKeyHash && plain.value.scriptPubKey.length !== 22, false);
    assert.equal(encodeCoin(decoded.value), bytes);
    return true;
  }},
  decodeUndo: {good: fc.array(fc.array(coins, {maxLength: 3}), {maxLength: 4}).map((spentByTx) => encodeUndo({spentByTx})), recode: verdict(decodeUndo, encodeUndo)},
  decodeScriptNumber: {good: fc.integer({min: -(2 ** 31) + 1, max: 2 ** 31 - 1}).map(encodeScriptNumber), recode: (bytes) => {
    assert.ok(Math.abs(decodeScriptNumber(bytes, false, 5) ?? 0) < 2 ** 39);
    const value = decodeScriptNumber(bytes, true);
    return value === undefined ? undefined : encodeScriptNumber(value);
  }, isCanonical: true},
  decodeLine: {
    good: fc.constantFrom(
      '{"id":1,"method":"mining.subscribe","params":["miner/1.0","00"]}', '{"id":"a","method":"mining.authorize","params":["bcrt1q.rig","x"]}',
      '{"id":3,"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],{"version-rolling.mask":"1fffe000","minimum-difficulty.value":8}]}',
      '{"id":4,"method":"mining.submit","params":["w","1a","00000001","6553f100","12345678","00002000"]}', '{"method":"mining.suggest_difficulty","params":[0.5]}',
      '{"id":5,"method":"mining.suggest_target","params":["00ff"]}', '{"id":6,"result":"miner/1.0","error":null}',
    ).map((text) => encoder.encode(text)),
    recode: (bytes) => {
      const line = decodeLine(textOf(bytes));
      if (line.kind === 'malformed') return undefined;
      assert.ok(line.id === undefined || line.id === null || String(line.id).length <= 64);
      if (line.kind !== 'request' || line.request.method !== 'mining.submit') return true;
      const {nonce, timeSec, versionBits, extranonce2} = line.request;
      for (const number of [nonce, timeSec, versionBits ?? 0]) assert.ok(Number.isInteger(number) && number >= 0 && number <= 0xffffffff);
      assert.ok(extranonce2.length <= 32);
      return true;
    },
  },
  parseGuardedJson: {good: fc.json({maxDepth: 4}).map((text) => encoder.encode(text)), recode: (bytes) => (parseGuardedJson(textOf(bytes)).ok ? true : undefined)},
  parseIpAddress: {good: fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => encoder.encode(text)), recode: (bytes) => {
    const address = parseIpAddress(textOf(bytes));
    return address === undefined ? undefined : (assert.ok(address.value >= 0n && address.value < 1n << (address.family === 4 ? 32n : 128n)), true);
  }},
  parseIpNetwork: {good: fc.constantFrom('10.0.0.0/8', '2001:db8::/32', '::/0').map((text) => encoder.encode(text)), recode: (bytes) => {
    const network = parseIpNetwork(textOf(bytes));
    return network === undefined ? undefined : (assert.equal(parseIpNetwork(formatIpNetwork(network)), network), true);
  }},
  decodeProxyHeader: {good: fc.constantFrom(encoder.encode('PROXY TCP4 192.0.2.7 10.0.0.1 56324 3333\r\n'), Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x11, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)), recode: (bytes) => {
    const header = decodeProxyHeader(bytes);
    if (header.kind !== 'header') return undefined;
    assert.ok(header.length <= bytes.length && (header.source === undefined || parseIpAddress(header.source.address) !== undefined));
    return true;
  }},
  decodeTemplate: {good: one(JSON.stringify(TEMPLATE)), recode: (bytes) => {
    let json: unknown;
    try {
      json = JSON.parse(textOf(bytes));
    } catch {
      return undefined;
    }
    const decoded = decodeTemplate(json);
    if (!decoded.ok) return undefined;
    const {height, bits, target, previousHash, curTimeSec, minTimeSec} = decoded.value;
    for (const number of [height, bits, curTimeSec, minTimeSec]) assert.ok(Number.isInteger(number) && number >= 0);
    assert.ok(target > 0n && previousHash.length === 32);
    return true;
  }},
  decodeSegment: {good: one(encodeSegment(shares)), recode: row((bytes) => decodeSegment(11, bytes), encodeSegment)},
  decodeFoundBlock: {good: one(encodeFoundBlock(foundBlock)), recode: row(decodeFoundBlock, encodeFoundBlock)},
  decodeSplit: {good: one(encodeSplit(split)), recode: row((bytes) => decodeSplit(aHash(4), bytes), encodeSplit)},
  parseShareProof: {good: one(encoder.encode(formatShareProof(shareProof))), recode: (bytes) => {
    const parsed = parseShareProof(new TextDecoder().decode(bytes));
    if (!parsed.ok) return undefined;
    checkShareProof(parsed.value);
    return encoder.encode(formatShareProof(parsed.value));
  }},
  decodeTreeChunk: {good: one(encodeTreeChunk({hash: aHash(3), work: 1n << 100n})), recode: row(decodeTreeChunk, encodeTreeChunk), isCanonical: true},
  decodeChunk: {good: one(encodeChunk({firstSeq: 1, lastSeq: 9, sums: [{account: 'a', shares: 9, work: 1n << 66n}]})), recode: row((bytes) => decodeChunk(1, bytes), encodeChunk)},
  decodeTotal: {good: one(encodeTotal({account: 'a', shares: 2 ** 40, work: 1n << 66n})), recode: row((bytes) => decodeTotal('a', bytes), encodeTotal)},
  decodeRate: {
    good: one(encodeRate({expectedWork: 1n << 70n, subsidySats: 50n, feePpm: 1, donationPpm: 2, donationAccount: 'd'})), recode: row(decodeRate, encodeRate),
  },
  decodeEntry: {
    good: one(encodeEntry({id: 'block/aa/1', kind: 'block-credited', atMs: 1_800_000_000_000, postings: [{account: 'coinbase/immature', sats: 5n}, {account: 'pending/a', sats: -5n}]})),
    recode: row((bytes) => decodeEntry(1, bytes), encodeEntry),
  },
  decodeBalance: {good: one(encodeBalance(-7n)), recode: row((bytes) => decodeBalance('payable/a', bytes), encodeBalance), isCanonical: true},
  decodePayout: {good: one(encodePayout(payout)), recode: row(decodePayout, encodePayout)},
  decodeTrackedCoin: {good: one(encodeTrackedCoin({...walletCoin, spentBy: {txid: aHash(7), height: 9}})), recode: row(decodeTrackedCoin, encodeTrackedCoin)},
  decodeSettings: {good: one(encodeSettings({isPaused: true, lastRunAtMs: 1_800_000_000_000})), recode: row(decodeSettings, encodeSettings)},
  decodePosition: {good: one(encodePosition({height: 7, hash: aHash(7)})), recode: row(decodePosition, encodePosition)},
  parseWalletFile: {
    good: one(encoder.encode(formatWalletFile({format: 1, chain: 'regtest', accountXpub: 'tpub', masterFingerprint: 1, birthdaySec: 2}))),
    recode: (bytes) => (parseWalletFile(textOf(bytes)).ok ? true : undefined),
  },
  decodeCandidate: {good: one(encodeCandidate(candidate)), recode: row(decodeCandidate, encodeCandidate)},
  decodeHeaderRow: {
    good: one(encodeHeaderRow({headerBytes: encodeHeader(block.header), height: 7, status: 'connected', txCount: 2, arrival: 2 ** 40})),
    recode: row((bytes) => decodeHeaderRow(HEADER_ROW_KEY, bytes), ({entry}) => encodeHeaderRow(entry)),
    isCanonical: true,
  },
  decodeLogRow: {good: one(encodeLogRow({seq: 9, kind: 'disconnect', height: 3, hash: aHash(3)})), recode: row((bytes) => decodeLogRow(logKey(9), bytes), encodeLogRow), isCanonical: true},
  decodeTipRow: {good: one(encodeTipRow({hash: aHash(4), height: 4})), recode: row(decodeTipRow, encodeTipRow), isCanonical: true},
  decodeTotalsRow: {good: one(encodeTotalsRow({coinCount: 3, totalSats: 5n})), recode: row(decodeTotalsRow, (totals) => encodeTotalsRow(totals))},
};

/** Cuts, flips, inserts and announces: lengths are where decoders break. */
type Damage = (bytes: Uint8Array) => Uint8Array;
const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.double({min: 0, max: 1, noNaN: true}).map((part): Damage => (bytes) => bytes.slice(0, Math.floor(part * bytes.length))),
  fc.tuple(fc.nat(), fc.integer({min: 1, max: 255})).map(([at, mask]): Damage => (bytes) => bytes.map((byte, index) => (index === at % Math.max(1, bytes.length) ? byte ^ mask : byte))),
  fc.tuple(fc.nat(), fc.constantFrom([0xff, 0xff, 0xff, 0xff], [0xfe, 0, 0, 0, 2], [0xfd, 0xff, 0xff], [0xff, 0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]))
    .map(([at, patch]): Damage => (bytes) => {
      const place = at % (bytes.length + 1);
      return Uint8Array.from([...bytes.subarray(0, place), ...patch, ...bytes.subarray(place + patch.length)]);
    }),
  fc.tuple(fc.nat(), fc.uint8Array({minLength: 1, maxLength: 9})).map(([at, extra]): Damage => (bytes) => {
    const place = at % (bytes.length + 1);
    return Uint8Array.from([...bytes.subarray(0, place), ...extra, ...bytes.subarray(place)]);
  }),
  fc.tuple(fc.nat(), fc.nat(), fc.nat(40)).map(([from, to, length]): Damage => (bytes) => {
    const piece = bytes.slice(from % (bytes.length + 1), (from % (bytes.length + 1)) + length);
    const place = to % (bytes.length + 1);
    return Uint8Array.from([...bytes.subarray(0, place), ...piece, ...bytes.subarray(place)]);
  }),
);

/** Every exported function of src/protocol and src/storage that is named as decoders of untrusted input are. */
async function findDecoders(): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const room of ['protocol', 'storage']) {
    const folder = fileURLToPath(new URL(`../../../src/${room}/`, import.meta.url));
    for (const file of readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.js'))) {
      const module = await import(new URL(file, `file://${folder}`).href) as Readonly<Record<string, unknown>>;
      for (const [name, value] of Object.entries(module)) if (/^(decode|parse)[A-Z]/.test(name) && typeof value === 'function') found.set(name, value);
    }
  }
  return found;
}

const fuzz = suite('protocol / fuzz-decoders');

fuzz('every decode* and parse* export of src/protocol and src/storage is fuzzed here', async () => {
  const decoders = [...(await findDecoders()).keys()].sort();
  assert.ok(decoders.length >= 19, `only ${decoders.length} decoders found`);
  assert.equal(decoders, Object.keys(CASES).sort(), 'a decoder needs an entry in CASES, and an entry needs a decoder');
});

for (const [name, {good, recode, isCanonical}] of Object.entries(CASES)) {
  const survives = (bytes: Uint8Array): void => {
    const startedMs = performance.now();
    const again = recode(bytes);
    assert.ok(performance.now() - startedMs < SLOW_MS, 'slow');
    if (again === undefined || again === true) return;
    if (isCanonical === true) assert.equal(Buffer.from(again).toString('hex'), Buffer.from(bytes).toString('hex'));
    // What the encoder wrote is always accepted, and stays as it is.
    else if (again.length > 0) assert.equal(recode(again), again);
  };

  fuzz(`${name}: good bytes are accepted, and come back`, () => {
    fc.assert(fc.property(good, (bytes) => {
      survives(bytes);
      if (name !== 'decodeWith' && name !== 'decodeCompact') assert.ok(recode(bytes) !== undefined, 'refused');
    }), {numRuns: RUNS});
  });

  fuzz(`${name}: random bytes`, () => {
    fc.assert(fc.property(fc.uint8Array({maxLength: 400}), survives), {numRuns: RUNS});
  });

  fuzz(`${name}: damaged bytes`, () => {
    fc.assert(fc.property(good, fc.array(damages, {minLength: 1, maxLength: 4}), (bytes, edits) => {
      survives(edits.reduce((left, damage) => damage(left), bytes));
    }), {numRuns: 2 * RUNS});
  });
}

fuzz('a DecodeError never leaves: only decodeWith knows it', () => {
  assert.throws(() => new ByteReader(Uint8Array.of(1)).u16(), (error: unknown) => error instanceof DecodeError);
  assert.equal(decodeWith(Uint8Array.of(1), 'fuzz', (reader) => reader.u16()).ok, false);
});

fuzz.run();
