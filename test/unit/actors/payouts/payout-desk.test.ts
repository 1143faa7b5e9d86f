// Proves that a payout is paid once and never forgotten: killed before and after every single effect of its life, with
// reorganisations, replacements and refusals, the chain, the ledger and the wallet agree to the satoshi in the end.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import {outpointKey} from '../../../../src/protocol/bytes/hash-key.js';
import {bytesToHex} from '../../../../src/protocol/bytes/hex.js';
import {partsOf, receivedSats} from '../../../../src/protocol/payout/payout-record.js';
import type {PayoutRecord} from '../../../../src/protocol/payout/payout-record.js';
import {buildTransaction, encodeTransaction} from '../../../../src/protocol/primitives/transaction-codec.js';
import type {Transaction} from '../../../../src/protocol/primitives/transaction.js';
import {DESK_OPTIONS, Killed, KillSwitch, minerAddress, PayoutWorld, WALLET} from '../../../support/payout-world.js';
import type {PayoutProcess} from '../../../support/payout-world.js';

const [ANN, BEN, CAT] = [minerAddress(0), minerAddress(1), minerAddress(2)];
const CREDITS = [{account: ANN, sats: 5_000_000n}, {account: BEN, sats: 300_000n}, {account: CAT, sats: 9_000n}];

const desk = suite('actors / payouts / payout-desk');

/** Every promise that the books make, at a moment when nothing is under way. */
function assertBooks(world: PayoutWorld, records: readonly PayoutRecord[], owed: ReadonlyMap<string, bigint>): void {
  const totals = world.ledger.totals();
  assert.is(totals.sumSats, 0n, 'the ledger sums to zero');
  assert.is(totals.payingSats, 0n, 'nothing is half paid');
  assert.is(totals.walletInFlightSats, 0n, 'nothing is under way');
  assert.is(totals.walletAvailableSats, world.walletSats(), 'the ledger and the chain agree on the wallet');
  const confirmed = records.filter(({state}) => state === 'confirmed');
  for (const [account, sats] of owed) {
    const payees = confirmed.flatMap((record) => record.payees.filter((payee) => payee.account === account));
    const debited = payees.reduce((sum, payee) => sum + payee.sats, 0n);
    const received = payees.reduce((sum, payee) => sum + payee.sats - payee.feeSats, 0n);
    assert.is(world.received(account), received, `${account} received what its payouts say`);
    assert.is(debited + world.ledger.owed('payable', account), sats, `${account} is paid or owed what it earned, once`);
  }
}

/** Until everything that is open is deep in the chain. */
async function finish(world: PayoutWorld, process: PayoutProcess): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    await process.turn({isPayDue: round === 0});
    if (process.desk.unresolvedCount === 0 && round > 0) return;
    world.nowMs += 61_000;
    world.mine();
  }
  throw new Error(`a payout stays unresolved: ${JSON.stringify(process.desk.openRecords.map(({state, problem}) => [state, problem]))}`);
}

function paidOf({outputs}: Transaction, count: number): unknown {
  return outputs.slice(0, count).map(({valueSats, scriptPubKey}) => ({valueSats, script: bytesToHex(scriptPubKey)}));
}

const OWED = new Map(CREDITS.map(({account, sats}) => [account, sats]));

desk('a payout goes from plan to deep in the chain; who is below the threshold waits', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  const process = world.start();
  await process.turn({isPayDue: true});
  assert.equal(process.changes.map(({state}) => state), ['planned', 'recorded', 'signed', 'broadcast', 'broadcast']);
  assert.is(world.mempool.size, 1);
  assert.is(process.desk.lockedCoins().size, 1);
  world.mine();
  await process.turn();
  assert.is(process.desk.openRecords[0]?.state, 'broadcast');
  world.mineMany(2);
  await process.turn();
  const record = world.store.record(1)!;
  assert.is(record.state, 'confirmed');
  assert.is(world.ledger.owed('payable', CAT), 9_000n);
  assert.is(world.received(ANN) + world.received(BEN), receivedSats(record));
  assertBooks(world, [record], OWED);
  assert.is(process.desk.lockedCoins().size, 0);
  assert.equal(await process.desk.pay(world.nowMs), {ok: true, id: undefined});
});

desk('killed before or after any effect, it is paid exactly once', async () => {
  const life = async (kill: KillSwitch): Promise<{effects: number; world: PayoutWorld; log: readonly string[]}> => {
    const world = new PayoutWorld();
    await world.earn(CREDITS);
    world.kill = kill;
    try {
      await finish(world, world.start());
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      world.kill = new KillSwitch();
      // The dead process left no memory; the next one knows the stores and the chain.
      await finish(world, world.start());
    }
    return {effects: kill.count, world, log: kill.log};
  };
  const {effects, log} = await life(new KillSwitch());
  assert.ok(effects > 15, `${effects} effects`);
  for (const step of ['put planned', 'book payout/1/planned', 'put recorded', 'sign', 'put signed', 'send', 'put broadcast', 'book payout/1/sent', 'put confirmed', 'book payout/1/settled/1']) assert.ok(log.includes(step), step);
  for (let at = 1; at <= effects; at += 1) {
    for (const isAfter of [false, true]) {
      const {world} = await life(new KillSwitch(at, isAfter));
      const records = [...world.store.records()];
      assertBooks(world, records, OWED);
      assert.ok(records.length === 1 && records[0]!.state === 'confirmed', `killed ${isAfter ? 'after' : 'before'} effect ${at}: ${log[at - 1]}`);
      assert.is(world.heard.size, 1, 'one transaction was ever sent');
    }
  }
});

desk('the transaction that is sent again is the same, byte for byte', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  await world.start().turn({isPayDue: true});
  const [first] = world.mempool.values();
  world.mempool.clear();
  await world.start().turn({isPayDue: true});
  const [second] = world.mempool.values();
  assert.equal(second!.bytes, first!.bytes);
});

desk('a reorganisation takes a settled payout back to broadcast, and it settles again', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  const process = world.start();
  await finish(world, process);
  for (const isForgotten of [false, true]) {
    world.disconnect(4, {isForgotten});
    world.mine({isEmpty: true});
    world.mine({isEmpty: true});
    await process.turn();
    assert.is(world.store.record(1)!.state, 'broadcast');
    assert.is(world.ledger.owed('paying', ANN), 5_000_000n);
    assert.ok(world.ledger.totals().walletInFlightSats > 0n);
    await finish(world, process);
    assertBooks(world, [...world.store.records()], OWED);
  }
  assert.is(world.store.record(1)!.settlements, 3);
});

desk('a reorganisation that does not reach it changes nothing', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  const process = world.start();
  await finish(world, process);
  world.mineMany(3);
  await process.turn();
  const before = world.store.record(1);
  world.disconnect(3);
  world.mineMany(4);
  await process.turn();
  assert.is(world.store.record(1), before);
});

desk('a stuck payout is replaced with a higher fee, the same coins and the same payments', async () => {
  const world = new PayoutWorld();
  await world.earn([...CREDITS, {account: minerAddress(3), sats: 9_000n}, {account: minerAddress(4), sats: 9_500n}]);
  world.isReplacing = true;
  const process = world.start();
  await process.turn({isPayDue: true});
  const [stuck] = world.mempool.values();
  world.feeRate = 8_000n;
  world.nowMs += 600_000;
  await process.turn();
  const record = world.store.record(1)!;
  assert.is(record.attempts.length, 2);
  const [replacement] = world.mempool.values();
  assert.equal(replacement!.inputs.map(({prevout}) => outpointKey(prevout)), stuck!.inputs.map(({prevout}) => outpointKey(prevout)));
  assert.equal(paidOf(replacement!, record.payees.length), paidOf(stuck!, record.payees.length));
  assert.ok(record.attempts[1]!.feeSats > record.attempts[0]!.feeSats);
  await finish(world, process);
  assert.is(world.store.record(1)!.confirmed?.attempt, 1);
  assertBooks(world, [...world.store.records()], OWED);
});

desk('where the network takes no replacement the first one confirms, and its fee is booked', async () => {
  const world = new PayoutWorld();
  await world.earn([...CREDITS, {account: minerAddress(3), sats: 9_000n}]);
  const process = world.start();
  await process.turn({isPayDue: true});
  world.nowMs += 600_000;
  await process.turn();
  assert.is(world.store.record(1)!.attempts.length, 2);
  assert.is(world.mempool.size, 1);
  await finish(world, process);
  assert.is(world.store.record(1)!.confirmed?.attempt, 0);
  assertBooks(world, [...world.store.records()], OWED);
});

desk('a refusal for a low fee raises it at once, another one is kept as the problem', async () => {
  const world = new PayoutWorld();
  await world.earn([...CREDITS, {account: minerAddress(3), sats: 9_000n}]);
  const process = world.start();
  world.refusal = 'mempool min fee not met';
  await process.turn({isPayDue: true});
  assert.is(world.store.record(1)!.state, 'signed');
  assert.ok(world.store.record(1)!.attempts.length > 1);
  world.refusal = undefined;
  world.nowMs += 60_000;
  await process.turn();
  assert.is(world.store.record(1)!.state, 'broadcast');
  assert.is(world.store.record(1)!.problem, undefined);
});

desk('nothing is planned while one is not sent, and nothing more than the bound while many are', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  const process = world.start();
  world.refusal = 'network-unavailable';
  await process.turn({isPayDue: true});
  assert.is(world.store.record(1)!.problem, 'network-unavailable');
  assert.is((await process.desk.pay(world.nowMs) as {code: string}).code, 'payout-unresolved');
  assert.is(await process.desk.consolidate(world.nowMs), undefined);
  world.refusal = undefined;
  world.nowMs += 60_000;
  await process.turn();
  const bounded = world.start({sentMax: 1});
  await bounded.turn();
  assert.is((await bounded.desk.pay(world.nowMs) as {code: string}).code, 'payout-too-many-sent');
});

desk('ledger-overdrawn: a plan that the books refuse fails without a trace, and its coins are free', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  const process = world.start();
  await process.sync();
  await process.desk.carryOn(world.nowMs);
  // Between the question and the entry a block was orphaned: Ann is owed nothing any more.
  const post = world.ledger.post.bind(world.ledger);
  world.ledger.post = async (entry) => {
    world.ledger.balances.set(`payable/${ANN}`, -100n);
    return post(entry);
  };
  await process.desk.pay(world.nowMs);
  const record = world.store.record(1)!;
  assert.is(record.state, 'failed');
  assert.is(record.problem, 'ledger-overdrawn');
  assert.is(process.desk.lockedCoins().size, 0);
  assert.is(world.ledger.journal.length, 1);
  assert.is(world.heard.size, 0);
});

desk('payout-coin-spent-elsewhere: it gives the money back only when no block can be left so deep', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  const process = world.start();
  await process.turn({isPayDue: true});
  const record = world.store.record(1)!;
  world.mempool.clear();
  // The operator moves the coin by hand, with the same keys.
  world.mine({extra: [buildTransaction({inputs: record.coins.map(({outpoint}) => ({prevout: outpoint})), outputs: [{valueSats: 1_000n, scriptPubKey: Uint8Array.of(0x51)}]})]});
  await process.turn();
  assert.is(world.store.record(1)!.problem, 'payout-coin-spent-elsewhere');
  world.mineMany(98);
  await process.turn();
  assert.is(world.store.record(1)!.state, 'broadcast');
  world.mine();
  await process.turn();
  assert.is(world.store.record(1)!.state, 'failed');
  assert.is(world.ledger.owed('payable', ANN), 5_000_000n);
  assert.is(world.ledger.totals().sumSats, 0n);
  assert.is(world.ledger.totals().payingSats, 0n);
});

desk('a payout whose signature is somewhere else waits for it, survives a restart, and can be given up', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  world.isSigning = false;
  const elsewhere = {machine: {...DESK_OPTIONS.machine, isSignedElsewhere: true}};
  await world.start(elsewhere).turn({isPayDue: true});
  const process = world.start(elsewhere);
  await process.turn({isPayDue: true});
  assert.is(world.store.record(1)!.state, 'recorded');
  assert.is(world.store.record(1)!.problem, 'payout-awaits-signature');
  assert.equal(await process.desk.cancel(1, world.nowMs), {ok: true});
  assert.is(world.store.record(1)!.state, 'failed');
  assert.is(world.ledger.owed('payable', ANN), 5_000_000n);
  assert.is((await process.desk.cancel(1, world.nowMs) as {code: string}).code, 'payout-not-cancellable');
  world.isSigning = true;
  await finish(world, process);
  assertBooks(world, [...world.store.records()], OWED);
});

desk('a consolidation merges small coins, leaves locked ones alone, and the wallet stays bounded', async () => {
  const world = new PayoutWorld();
  for (let i = 0; i < 30; i += 1) {
    const sats = 20_000n + BigInt(i);
    world.mine({reward: sats});
    await world.credit([{account: ANN, sats}]);
  }
  world.mineMany(100);
  const process = world.start({payout: {...DESK_OPTIONS.payout, thresholdSats: 1n, feeFrom: 'pool'}});
  await process.turn({isMergeDue: true});
  const [merge] = world.store.list({limit: 1});
  assert.is(merge!.kind, 'consolidation');
  assert.is(merge!.coins.length, 30);
  assert.is((await process.desk.pay(world.nowMs) as {code: string}).code, 'wallet-funds-short');
  await finish(world, process);
  assert.is(process.follower.coins.spendable({tipHeight: world.height, maturityBlocks: 100, locked: new Set()}).length, 1);
  const totals = world.ledger.totals();
  assert.is(totals.walletAvailableSats, world.walletSats());
  assert.is(totals.networkFeeSats, merge!.attempts[0]!.feeSats);
  assert.is(totals.sumSats, 0n);
  await process.turn({isMergeDue: true});
  assert.is(world.store.list({limit: 1})[0]!.id, merge!.id, 'one coin is nothing to merge');
});

desk('a consolidation waits for low fees', async () => {
  const world = new PayoutWorld();
  for (let i = 0; i < 12; i += 1) world.mine({reward: 50_000n});
  world.mineMany(100);
  world.feeRate = 5_001n;
  const process = world.start();
  await process.turn({isMergeDue: true});
  assert.is(world.store.list({limit: 1}).length, 0);
  world.feeRate = 5_000n;
  await process.turn({isMergeDue: true});
  assert.is(world.store.list({limit: 1}).length, 1);
});

desk('payouts-paused: nothing new, but what is sent is carried on; the switch survives a restart', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  await world.start().turn({isPayDue: true});
  await world.start().desk.setPaused(true);
  const process = world.start();
  await process.turn();
  assert.is((await process.desk.pay(world.nowMs) as {code: string}).code, 'payouts-paused');
  world.mineMany(3);
  await process.turn();
  assert.is(world.store.record(1)!.state, 'confirmed');
});

/** What happens to a world: drawn, then done with a process that may be killed at any effect. */
type Event = {readonly kind: 'earn' | 'mine' | 'reorg' | 'pay' | 'merge' | 'kill' | 'wait' | 'forget'; readonly n: number};
const events: fc.Arbitrary<Event[]> = fc.array(fc.record({kind: fc.constantFrom<Event['kind']>('earn', 'mine', 'reorg', 'pay', 'pay', 'merge', 'kill', 'kill', 'wait', 'forget'), n: fc.nat(40)}), {maxLength: 25});

desk('property: whatever happens in whatever order, nobody is paid twice or forgotten and the ledger sums to zero', async () => {
  await fc.assert(fc.asyncProperty(events, fc.boolean(), fc.boolean(), async (story, isReplacing, isPoolPaying) => {
    const world = new PayoutWorld();
    world.isReplacing = isReplacing;
    const options = {payout: {...DESK_OPTIONS.payout, feeFrom: isPoolPaying ? 'pool' as const : 'miners' as const}, consolidation: {...DESK_OPTIONS.consolidation, coinCountMin: 2}};
    // The pool has means of its own for the fees that it bears.
    await world.earn([{account: minerAddress(9), sats: 9_999n}]);
    const owed = new Map<string, bigint>();
    const earn = async (n: number): Promise<void> => {
      const credits = [ANN, BEN, CAT].slice(0, 1 + (n % 3)).map((account, i) => ({account, sats: BigInt(8_000 + n * 1_000 * (i + 1))}));
      for (const {account, sats} of credits) owed.set(account, (owed.get(account) ?? 0n) + sats);
      await world.earn(credits);
    };
    await earn(5);
    let process = world.start(options);
    const survive = async (act: () => Promise<unknown>): Promise<void> => {
      try {
        await act();
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        world.kill = new KillSwitch();
        process = world.start(options);
      }
    };
    for (const {kind, n} of story) {
      if (kind === 'earn') await earn(n);
      else if (kind === 'mine') world.mineMany(1 + (n % 4));
      else if (kind === 'reorg') {
        const depth = 1 + (n % 5);
        world.disconnect(depth, {isForgotten: n > 20});
        world.mineMany(depth + 1);
      } else if (kind === 'forget') world.mempool.clear();
      else if (kind === 'wait') world.nowMs += n * 60_000;
      else if (kind === 'kill') world.kill = new KillSwitch(world.kill.count === 0 ? 1 + n : 1 + (n % 7), n % 2 === 0);
      if (kind !== 'kill') await survive(() => process.turn({isPayDue: kind === 'pay', isMergeDue: kind === 'merge'}));
    }
    world.kill = new KillSwitch();
    process = world.start(options);
    for (let round = 0; round < 30; round += 1) {
      await process.turn();
      if (process.desk.unresolvedCount === 0) break;
      world.nowMs += 61_000;
      world.mine();
    }
    const records = [...world.store.records()];
    for (const record of records) for (const attempt of record.attempts) assert.equal(encodeTransaction(partsOf(record, attempt)).txid, attempt.txid);
    assertBooks(world, records, owed);
  }), {numRuns: 60});
});

desk('the wallet that signs is the one that the world watches', () => {
  assert.is(WALLET.secret(0, 0)?.length, 32);
});

desk('a payout that confirmed more than a thousand blocks before the next start is settled all the same', async () => {
  const world = new PayoutWorld();
  await world.earn(CREDITS);
  await world.start().turn({isPayDue: true});
  // The process is away while its payout confirms, and for longer than spent coins are remembered without a reason.
  world.mine();
  world.mineMany(1_150);
  world.nowMs += 86_400_000;
  const process = world.start();
  await process.turn();
  await process.turn();
  const record = world.store.record(1)!;
  assert.is(record.state, 'confirmed', record.problem);
  assertBooks(world, [record], OWED);
  // Nobody asks for the coin any more: now it is forgotten.
  world.mineMany(1);
  await process.turn();
  assert.is(process.follower.coins.get(record.coins[0]!.outpoint), undefined);
});

desk.run();
