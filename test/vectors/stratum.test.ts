// Proves share checking against recorded jobs of other pools and miners, in both directions: what they accepted is
// accepted with the same hash, and no single changed bit of it is.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {bytesEqual} from '../../src/protocol/bytes/compare.js';
import {bytesToHex, displayHexToHash, hashToDisplayHex, hexToBytes} from '../../src/protocol/bytes/hex.js';
import {sha256d} from '../../src/protocol/bytes/sha256.js';
import {compactToTarget} from '../../src/protocol/consensus/pow/compact.js';
import {difficultyOfTarget} from '../../src/protocol/consensus/pow/work.js';
import {hashToInteger} from '../../src/protocol/bytes/compare.js';
import {merkleRootOfBranch} from '../../src/protocol/mining/merkle-branch.js';
import {encodeHeader} from '../../src/protocol/primitives/block-codec.js';
import {targetOfDifficultyText} from '../../src/protocol/stratum/difficulty.js';
import {judgeShare, stratumErrorOf} from '../../src/protocol/stratum/judge-share.js';
import {decodeLine} from '../../src/protocol/stratum/request.js';
import {notifyLine, swappedWordsHex} from '../../src/protocol/stratum/response.js';
import {shareCoinbaseTxid, shareHeader} from '../../src/protocol/stratum/share-header.js';
import type {ShareWork} from '../../src/protocol/stratum/share-header.js';
import {rollVersion} from '../../src/protocol/stratum/version-rolling.js';
import {aTemplate} from '../support/mining-fixtures.js';
import {readSharedText} from '../support/shared-vectors.js';

interface VectorShare {
  readonly extranonce2: string;
  readonly ntime: string;
  readonly nonce: string;
  readonly version_bits?: string;
  readonly expect: {
    readonly coinbase_txid: string; readonly merkle_root_header_order: string; readonly header_version: string;
    readonly header: string; readonly hash: string; readonly difficulty: number; readonly meets_network_target: boolean;
    readonly verdicts: readonly {readonly session_difficulty: number; readonly result?: boolean; readonly error_code?: number}[];
  };
}

interface VectorCase {
  readonly id: string;
  readonly job: {
    readonly job_id: string; readonly prevhash: string; readonly coinb1: string; readonly coinb2: string;
    readonly merkle_branch: readonly string[]; readonly version: string; readonly nbits: string; readonly ntime: string; readonly clean_jobs: boolean;
  };
  readonly session: {readonly extranonce1: string; readonly version_mask: string | null};
  readonly shares: readonly VectorShare[];
}

interface Vectors {
  readonly cases: readonly VectorCase[];
  readonly headers: readonly (VectorShare & {readonly id: string; readonly prevhash: string; readonly version: string; readonly nbits: string; readonly merkle_root_header_order: string})[];
  readonly merkle_roots: readonly {
    readonly id: string; readonly coinb1: string; readonly coinb2: string; readonly extranonce1: string; readonly extranonce2: string;
    readonly merkle_branch: readonly string[]; readonly expect: {readonly coinbase_txid: string; readonly merkle_root_header_order: string};
  }[];
}

const stratum = suite('vectors / stratum');
const text = readSharedText('stratum.json');
const vectors: Vectors = text === undefined ? {cases: [], headers: [], merkle_roots: []} : JSON.parse(text) as Vectors;
const bytes = (hex: string): Uint8Array => hexToBytes(hex)!;
const number = (hex: string): number => Number.parseInt(hex, 16);

function jobOf({job}: VectorCase): ShareWork['job'] {
  return {
    coinbase1: bytes(job.coinb1), coinbase2: bytes(job.coinb2), branch: bytes(job.merkle_branch.join('')),
    previousHash: bytes(swappedWordsHex(bytes(job.prevhash))), bits: number(job.nbits),
  };
}

/** Through the decoder of the wire, as a miner would send it. */
function workOf(vector: VectorCase, share: VectorShare): ShareWork {
  const params = ['x', vector.job.job_id, share.extranonce2, share.ntime, share.nonce, ...(share.version_bits === undefined ? [] : [share.version_bits])];
  const line = decodeLine(JSON.stringify({id: 4, method: 'mining.submit', params}));
  assert.is(line.kind, 'request');
  if (line.kind !== 'request' || line.request.method !== 'mining.submit') throw new Error('not a submit');
  const fields = line.request;
  const mask = vector.session.version_mask === null ? 0 : number(vector.session.version_mask);
  const rolled = rollVersion({jobVersion: number(vector.job.version) | 0, mask, bits: fields.versionBits ?? 0});
  assert.ok(rolled.isGranted);
  return {job: jobOf(vector), extranonce1: bytes(vector.session.extranonce1), extranonce2: fields.extranonce2, version: rolled.version, timeSec: fields.timeSec, nonce: fields.nonce};
}

function judge(hash: Uint8Array, bits: number, shareTarget: bigint) {
  return judgeShare({
    hash, networkTarget: compactToTarget(bits)!, shareTarget,
    isStale: false, isCounted: false, hasGrantedVersion: true, hasTimeInRange: true,
  });
}

for (const vector of vectors.cases) {
  for (const [index, share] of vector.shares.entries()) {
    stratum(`${vector.id}, share ${index}: from the messages to header, hash and verdicts`, () => {
      const work = workOf(vector, share);
      assert.is(hashToDisplayHex(shareCoinbaseTxid(work)), share.expect.coinbase_txid);
      const header = shareHeader(work);
      assert.is(bytesToHex(header), share.expect.header);
      assert.is(bytesToHex(header.subarray(36, 68)), share.expect.merkle_root_header_order);
      const hash = sha256d(header);
      assert.is(hashToDisplayHex(hash), share.expect.hash);
      assert.ok(Math.abs(difficultyOfTarget(hashToInteger(hash)) / share.expect.difficulty - 1) < 1e-9);
      for (const verdict of share.expect.verdicts) {
        const {isBlock, rejection} = judge(hash, work.job.bits, targetOfDifficultyText(String(verdict.session_difficulty))!);
        assert.is(isBlock, share.expect.meets_network_target);
        assert.is(rejection === undefined ? true : stratumErrorOf(rejection).code, verdict.result ?? verdict.error_code);
      }
    });

    if (share.expect.verdicts.some(({result}) => result === true)) {
      stratum(`${vector.id}, share ${index}: no single changed bit passes`, () => {
        const work = workOf(vector, share);
        const hash = sha256d(shareHeader(work));
        const target = hashToInteger(hash);
        let mutants = 0;
        for (const mutant of singleBitMutants(work)) {
          const other = sha256d(shareHeader(mutant));
          assert.not.ok(bytesEqual(other, hash));
          assert.is(judge(other, 0x03000001, target).rejection, 'low-difficulty');
          mutants++;
        }
        assert.ok(mutants > 400);
      });
    }
  }

  stratum(`${vector.id}: our notify of the same job has the recorded words`, () => {
    const job = jobOf(vector);
    const template = aTemplate({previousHash: job.previousHash, bits: job.bits, version: number(vector.job.version) | 0, curTimeSec: number(vector.job.ntime)});
    const line = notifyLine({jobId: vector.job.job_id, jobKey: 1, template, coinbase1: job.coinbase1, coinbase2: job.coinbase2, branch: job.branch, createdAtMs: 0, cleanJobs: false}, vector.job.clean_jobs);
    const {job_id, prevhash, coinb1, coinb2, merkle_branch, version, nbits, ntime, clean_jobs} = vector.job;
    assert.equal(JSON.parse(line), {id: null, method: 'mining.notify', params: [job_id, prevhash, coinb1, coinb2, merkle_branch, version, nbits, ntime, clean_jobs]});
  });
}

function* singleBitMutants(work: ShareWork): Generator<ShareWork> {
  for (let bit = 0; bit < 32; bit++) {
    yield {...work, nonce: (work.nonce ^ (1 << bit)) >>> 0};
    yield {...work, timeSec: (work.timeSec ^ (1 << bit)) >>> 0};
    yield {...work, version: work.version ^ (1 << bit)};
    yield {...work, job: {...work.job, bits: (work.job.bits ^ (1 << bit)) >>> 0}};
  }
  for (const name of ['extranonce1', 'extranonce2'] as const) for (const flipped of flips(work[name])) yield {...work, [name]: flipped};
  for (const name of ['coinbase1', 'coinbase2', 'branch', 'previousHash'] as const) {
    for (const flipped of flips(work.job[name])) yield {...work, job: {...work.job, [name]: flipped}};
  }
}

function* flips(original: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < original.length * 8; bit++) {
    const flipped = original.slice();
    flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
    yield flipped;
  }
}

stratum('every recorded case was run', () => {
  process.stdout.write(`note: stratum.json: ${vectors.cases.length} jobs, ${vectors.cases.flatMap(({shares}) => shares).length} shares, ${vectors.headers.length} headers, ${vectors.merkle_roots.length} merkle roots\n`);
  if (text !== undefined) assert.ok(vectors.cases.length >= 6);
});

for (const vector of vectors.headers) {
  stratum(`${vector.id}: from words to header and hash`, () => {
    const header = encodeHeader({
      version: number(vector.version), previousHash: bytes(swappedWordsHex(bytes(vector.prevhash))), merkleRoot: bytes(vector.merkle_root_header_order),
      timeSec: number(vector.ntime), bits: number(vector.nbits), nonce: number(vector.nonce),
    });
    assert.is(bytesToHex(header), vector.expect.header);
    const hash = sha256d(header);
    assert.equal(hash, displayHexToHash(vector.expect.hash));
    for (const verdict of vector.expect.verdicts) {
      const {rejection} = judge(hash, number(vector.nbits), targetOfDifficultyText(String(verdict.session_difficulty))!);
      assert.is(rejection === undefined ? true : stratumErrorOf(rejection).code, verdict.result ?? verdict.error_code);
    }
  });
}

for (const vector of vectors.merkle_roots) {
  stratum(`${vector.id}: from coinbase halves to the root`, () => {
    const txid = shareCoinbaseTxid({
      job: {coinbase1: bytes(vector.coinb1), coinbase2: bytes(vector.coinb2), branch: new Uint8Array(0), previousHash: new Uint8Array(32), bits: 0},
      extranonce1: bytes(vector.extranonce1), extranonce2: bytes(vector.extranonce2),
    });
    assert.is(hashToDisplayHex(txid), vector.expect.coinbase_txid);
    assert.is(bytesToHex(merkleRootOfBranch(txid, bytes(vector.merkle_branch.join('')))), vector.expect.merkle_root_header_order);
  });
}

stratum.run();
