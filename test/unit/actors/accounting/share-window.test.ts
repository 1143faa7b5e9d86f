// Proves that sums of chunks give what a walk over every share gives, wherever windows begin and end, before and after
// chunks are merged, dropped or recalled.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import fc from 'fast-check';
import {CHUNK_SHARES, ShareWindow, type CollectedWindow, type WindowQuery} from '../../../../src/actors/accounting/share-window.js';
import {pplnsWindow} from '../../../../src/protocol/payout/pplns.js';

interface Share {
  readonly seq: number;
  readonly account: string;
  readonly work: bigint;
}

/** A share's work and account follow from its number: no random luck. */
function shareOf(seq: number): Share {
  return {seq, account: `a${(seq * 7) % 5}`, work: BigInt(1 + ((seq * 13) % 9))};
}

function* walk(fromSeq: number): Iterable<Share> {
  for (let seq = fromSeq; seq >= 1; seq -= 1) yield shareOf(seq);
}

function expected({toSeq, afterSeq, windowWork}: WindowQuery): {work: Record<string, bigint>; totalWork: bigint} {
  const counted = function* (): Iterable<Share> {
    for (const share of walk(toSeq)) {
      if (share.seq <= afterSeq) return;
      yield share;
    }
  };
  const {work, totalWork} = pplnsWindow(counted(), windowWork ?? 1n << 200n);
  return {work: Object.fromEntries(work.map((entry) => [entry.account, entry.work])), totalWork};
}

function check(window: ShareWindow, query: WindowQuery): CollectedWindow {
  const found = window.collect(query, walk);
  const again = expected(query);
  assert.equal(Object.fromEntries(found.work.map(({account, work}) => [account, work])), again.work, `${query.toSeq} back over ${query.windowWork}, after ${query.afterSeq}`);
  assert.is(found.totalWork, again.totalWork);
  return found;
}

const COUNT = 3 * CHUNK_SHARES + 700;
const filled = new ShareWindow();
for (const share of [...walk(COUNT)].reverse()) filled.add(share.seq, share.account, share.work);

const shareWindow = suite('actors / accounting / share-window');

shareWindow('any window is that of a walk over every share', () => {
  const queries = fc.record({
    toSeq: fc.integer({min: 1, max: COUNT}), afterSeq: fc.oneof(fc.constant(0), fc.integer({min: 0, max: COUNT})),
    windowWork: fc.option(fc.bigInt(1n, BigInt(COUNT) * 6n), {nil: undefined}),
  });
  fc.assert(fc.property(queries, (query) => {
    const found = check(filled, query);
    if (found.totalWork === 0n) return;
    const first = shareOf(found.firstSeq);
    assert.ok(found.firstSeq > query.afterSeq && found.firstSeq <= query.toSeq);
    assert.ok(found.firstWork >= 0n && found.firstWork < first.work);
  }), {numRuns: 60});
});

shareWindow('the first share and its part are those at the edge', () => {
  const small = new ShareWindow();
  for (const [seq, work] of [[1, 5n], [2, 5n], [3, 5n]] as const) small.add(seq, 'a', work);
  const rows = [5n, 5n, 5n].map((work, index) => ({seq: index + 1, account: 'a', work}));
  const backwards = (from: number): Iterable<Share> => rows.slice(0, from).reverse();
  const edge = (windowWork: bigint): readonly unknown[] => {
    const {firstSeq, firstWork, totalWork} = small.collect({toSeq: 3, afterSeq: 0, windowWork}, backwards);
    return [firstSeq, firstWork, totalWork];
  };
  assert.equal(edge(10n), [2, 0n, 10n]);
  assert.equal(edge(11n), [1, 1n, 11n]);
  assert.equal(edge(15n), [1, 0n, 15n]);
  assert.equal(edge(99n), [1, 0n, 15n]);
  assert.equal(edge(4n), [3, 4n, 4n]);
});

shareWindow('sums recalled after a restart count as shares do', () => {
  const recalled = new ShareWindow();
  const sums = new Map<string, {account: string; work: bigint; shares: number}>();
  for (let seq = 1; seq <= CHUNK_SHARES; seq += 1) {
    const share = shareOf(seq);
    const own = sums.get(share.account) ?? {account: share.account, work: 0n, shares: 0};
    own.work += share.work;
    own.shares += 1;
    sums.set(share.account, own);
  }
  recalled.addChunk({firstSeq: 1, lastSeq: CHUNK_SHARES, sums: [...sums.values()]});
  for (let seq = CHUNK_SHARES + 1; seq <= CHUNK_SHARES + 50; seq += 1) recalled.add(seq, shareOf(seq).account, shareOf(seq).work);
  for (const windowWork of [1n, 100n, 5_000n, undefined]) check(recalled, {toSeq: CHUNK_SHARES + 50, afterSeq: 0, windowWork});
});

shareWindow('what was dropped is walked in the log', () => {
  const trimmed = new ShareWindow();
  for (let seq = 1; seq <= 5_000; seq += 1) trimmed.add(seq, shareOf(seq).account, shareOf(seq).work);
  trimmed.trimTo(100n, 4_900);
  assert.ok(trimmed.workUpTo(1n << 60n) < 10_000n);
  check(trimmed, {toSeq: 5_000, afterSeq: 0, windowWork: 20_000n});
  check(trimmed, {toSeq: 2_000, afterSeq: 0, windowWork: 2_000n});
  trimmed.trimTo(0n, 5_001);
  assert.is(trimmed.workUpTo(5n), 0n);
  check(trimmed, {toSeq: 5_000, afterSeq: 10, windowWork: undefined});
});

shareWindow.run();
