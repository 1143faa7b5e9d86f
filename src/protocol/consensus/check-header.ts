/** @module Whether a header may follow its parent. Its body is judged in `check-block.ts`. */
import type {ChainSpec} from '../chain/chain-spec.js';
import type {BlockHeader} from '../primitives/block.js';
import {reject} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import {checkProofOfWork} from './pow/check-pow.js';

export type HeaderRejectCode = 'high-hash' | 'bad-diffbits' | 'time-too-old' | 'time-too-new' | 'bad-version';

export interface HeaderContext {
  readonly spec: Pick<ChainSpec, 'engine' | 'maxFutureSec' | 'activation'>;
  /** Of this header. */
  readonly height: number;
  /** From `nextRequiredBits`. */
  readonly requiredBits: number;
  readonly parentMedianTimeSec: number;
  readonly nowSec: number;
}

/** Core's order: the cheap proof of work first, so that nothing else can be spammed. */
export function checkHeader(header: BlockHeader, context: HeaderContext): Verdict<undefined, HeaderRejectCode> {
  const work = checkProofOfWork(header.hash, header.bits, context.spec.engine.powLimit);
  return work.ok ? checkHeaderContext(header, context) : work;
}

/** All but the work: for a block proposal (BIP 23), which has no nonce yet. `time-too-new` is temporary: do not cache. */
export function checkHeaderContext(header: BlockHeader, context: HeaderContext): Verdict<undefined, HeaderRejectCode> {
  const {spec, height, requiredBits} = context;
  if (header.bits !== requiredBits) {
    return reject('bad-diffbits', `${header.bits.toString(16)}, required ${requiredBits.toString(16)}`);
  }
  if (header.timeSec <= context.parentMedianTimeSec) {
    return reject('time-too-old', `${header.timeSec}, median time past ${context.parentMedianTimeSec}`);
  }
  if (header.timeSec > context.nowSec + spec.maxFutureSec) {
    return reject('time-too-new', `${header.timeSec}, now ${context.nowSec}`);
  }
  const {bip34, bip66, bip65} = spec.activation;
  const isOutdated = (header.version < 2 && height >= bip34) || (header.version < 3 && height >= bip66)
    || (header.version < 4 && height >= bip65);
  return isOutdated ? reject('bad-version', `version ${header.version} at height ${height}`) : {ok: true};
}
