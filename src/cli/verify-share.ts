/**
 * @module `pithead verify-share`: checks a share proof without trusting the pool that made it. Needs no node and no folder.
 * Exit code 0 when it holds, 1 when not.
 */
import {readFileSync} from 'node:fs';
import {bytesToHex, hashToDisplayHex} from '../protocol/bytes/hex.js';
import {checkShareProof, parseShareProof, type CheckedProof, type ShareProof} from '../protocol/payout/share-proof.js';
import {reject, type Rejection} from '../protocol/verdict.js';
import {UsageError, type Command} from './command.js';
import {print} from './print.js';

export const verifyShareCommand: Command = {
  name: 'verify-share',
  summary: 'Checks that shares were counted for a block, from a proof that the pool gave out. Trusts nothing but the root.',
  usage: 'FILE [--root HEX] [--json]',
  flags: {
    root: {kind: 'text', value: 'HEX', doc: 'the root that the pool has published for the block: the proof must lead to this one'},
    json: {kind: 'switch', doc: 'the verdict as one JSON object'},
  },
  notes: [
    'FILE is what the pool answers for a block and an address; - reads it from standard input. Get the root elsewhere than the',
    'proof: from the pool\'s page of the block, from another miner. What a proof says and what not: docs/share-proofs.md.',
  ],
  takesWords: true,
  async run(words, flags) {
    const [file, ...others] = words;
    if (file === undefined || others.length > 0) throw new UsageError('verify-share: name one FILE');
    const root = flags.text('root');
    const verdict = judge(textOf(file), root);
    print(flags.has('json') ? verdictJson(verdict) : verdictText(verdict, root !== undefined));
    return verdict.ok ? 0 : 1;
  },
};

type Judged = {readonly ok: true; readonly proof: ShareProof; readonly checked: CheckedProof} | Rejection;

/** @throws UsageError */
function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`verify-share: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function judge(text: string, root: string | undefined): Judged {
  const parsed = parseShareProof(text);
  if (!parsed.ok) return parsed;
  const checked = checkShareProof(parsed.value);
  if (!checked.ok) return checked;
  const own = bytesToHex(parsed.value.root);
  if (root !== undefined && root.toLowerCase() !== own) return reject('share-proof-root', `the proof leads to the root ${own}`);
  return {ok: true, proof: parsed.value, checked: checked.value};
}

function verdictJson(verdict: Judged): string {
  if (!verdict.ok) return JSON.stringify(verdict);
  const {proof, checked} = verdict;
  return JSON.stringify({
    ok: true, blockHash: hashToDisplayHex(proof.blockHash), height: proof.height, account: proof.account, root: bytesToHex(proof.root), shares: checked.shareCount,
    work: String(checked.work), totalWork: String(proof.totalWork), isComplete: proof.isComplete, creditSats: String(proof.creditSats),
  });
}

function verdictText(verdict: Judged, isRootGiven: boolean): string {
  if (!verdict.ok) return `DOES NOT HOLD: ${verdict.code}${verdict.detail === undefined ? '' : `: ${verdict.detail}`}`;
  const {proof, checked} = verdict;
  const millionths = Number((checked.work * 1_000_000n) / proof.totalWork) / 10_000;
  return [
    `holds: ${checked.shareCount} shares of ${proof.account} count for block ${proof.height} (${hashToDisplayHex(proof.blockHash)})`,
    `work      ${checked.work} of ${proof.totalWork} (${millionths} %), each share backed by its hash`,
    proof.isComplete ? `credit    ${proof.creditSats} of ${proof.rewardSats} satoshis, as the terms (${proof.terms.scheme}) make it` : 'credit    not checked: the proof shows one share, not all of them',
    `root      ${bytesToHex(proof.root)}${isRootGiven ? ', as given' : ': compare it with the one that the pool has published'}`,
  ].join('\n');
}
