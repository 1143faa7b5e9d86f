// Proves the two rules of coin selection and the arithmetic of a spend: nothing is made or lost between coins, outputs,
// change and fee, the fee meets its rate, and a bump changes nothing but the change.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import {dustThreshold} from '../../../../src/protocol/mempool/policy.js';
import {p2wpkh} from '../../../../src/protocol/script/build-script.js';
import {buildSpend, bumpSpend, SEQUENCE_REPLACEABLE, sumOf} from '../../../../src/protocol/wallet/build-spend.js';
import {selectLargestFirst, selectSmallestFirst} from '../../../../src/protocol/wallet/select-coins.js';
import type {WalletCoin} from '../../../../src/protocol/wallet/select-coins.js';
import {feeAtRate, spendVsize} from '../../../../src/protocol/wallet/spend-size.js';

const script = (n: number): Uint8Array => p2wpkh(new Uint8Array(20).fill(n));
const CHANGE = script(250);
const aCoin = (n: number, valueSats: bigint): WalletCoin => ({
  outpoint: {txid: new Uint8Array(32).fill(n & 255), vout: n >> 8}, valueSats, scriptPubKey: script(n & 255), height: n, isCoinbase: false,
});
const request = {outputScripts: [script(1), CHANGE], feeRateSatsPerKvb: 1000n, witnessScaleFactor: 4, weightMaxWu: 400_000};

const selection = suite('protocol / wallet / select-coins');

selection('takes the largest first, and of equals the oldest', () => {
  const coins = [aCoin(3, 5_000n), aCoin(1, 9_000n), aCoin(2, 9_000n), aCoin(4, 100n)];
  const chosen = selectLargestFirst(coins, {...request, targetSats: 9_500n});
  assert.ok(chosen.ok);
  assert.equal(chosen.value.coins.map(({height}) => height), [1, 2]);
});

selection('wallet-funds-short: the fee of the inputs counts', () => {
  const fee = feeAtRate(spendVsize({inputScripts: [script(1)], outputScripts: request.outputScripts}, 4), 1000n);
  assert.ok(selectLargestFirst([aCoin(1, 9_000n)], {...request, targetSats: 9_000n - fee}).ok);
  assert.is((selectLargestFirst([aCoin(1, 9_000n)], {...request, targetSats: 9_001n - fee}) as {code: string}).code, 'wallet-funds-short');
});

selection('wallet-transaction-too-heavy: as many inputs as a relayed transaction holds, and one more', () => {
  const coins = Array.from({length: 40}, (_, n) => aCoin(n, 1_000n));
  const tight = {...request, weightMaxWu: 40 * 272, feeRateSatsPerKvb: 0n};
  assert.ok(selectLargestFirst(coins, {...tight, targetSats: 38_000n}).ok);
  assert.is((selectLargestFirst(coins, {...tight, targetSats: 40_000n}) as {code: string}).code, 'wallet-transaction-too-heavy');
});

selection('a consolidation takes the smallest that are worth their bytes, within its bounds', () => {
  const coins = [aCoin(1, 60n), aCoin(2, 5_000n), aCoin(3, 1_000n), aCoin(4, 100_000n)];
  const merge = {outputScript: CHANGE, feeRateSatsPerKvb: 1000n, witnessScaleFactor: 4, weightMaxWu: 400_000, inputsMax: 2, inputsMin: 2};
  assert.equal(selectSmallestFirst(coins, merge)?.coins.map(({height}) => height), [3, 2]);
  assert.is(selectSmallestFirst(coins, {...merge, inputsMin: 3}), undefined);
  assert.is(selectSmallestFirst(coins, {...merge, feeRateSatsPerKvb: 80_000n}), undefined);
  assert.is(selectSmallestFirst(coins, {...merge, weightMaxWu: 600}), undefined);
});

const values = fc.array(fc.bigInt({min: 300n, max: 10n ** 9n}), {minLength: 1, maxLength: 30});
const rates = fc.bigInt({min: 0n, max: 50_000n});

selection('property: what is selected pays outputs and fee; a spend of it adds up and pays its rate', () => {
  fc.assert(fc.property(values, values, rates, (have, pay, feeRateSatsPerKvb) => {
    const coins = have.map((valueSats, n) => aCoin(n, valueSats));
    const outputs = pay.map((valueSats, n) => ({valueSats, scriptPubKey: script(n)}));
    const outputScripts = [...outputs.map(({scriptPubKey}) => scriptPubKey), CHANGE];
    const chosen = selectLargestFirst(coins, {...request, outputScripts, feeRateSatsPerKvb, targetSats: sumOf(outputs)});
    if (!chosen.ok) return sumOf(coins) < sumOf(outputs) + feeAtRate(spendVsize({inputScripts: coins.map((coin) => coin.scriptPubKey), outputScripts}, 4), feeRateSatsPerKvb);
    const spend = buildSpend({coins: chosen.value.coins, outputs, changeScript: CHANGE, feeRateSatsPerKvb, witnessScaleFactor: 4});
    const change = spend.parts.outputs.length > outputs.length ? spend.parts.outputs.at(-1)!.valueSats : 0n;
    return sumOf(chosen.value.coins) === sumOf(spend.parts.outputs) + spend.feeSats && change === spend.changeSats
      && spend.feeSats >= feeAtRate(spend.vsize, feeRateSatsPerKvb) && (change === 0n || change >= dustThreshold(CHANGE))
      && spend.parts.inputs.every(({sequence}) => sequence === SEQUENCE_REPLACEABLE);
  }));
});

selection('a bump pays more from the change alone, and says why it cannot', () => {
  const plan = {coins: [aCoin(1, 100_000n)], outputs: [{valueSats: 90_000n, scriptPubKey: script(2)}], changeScript: CHANGE, feeRateSatsPerKvb: 1000n, witnessScaleFactor: 4};
  const first = buildSpend(plan);
  const bumped = bumpSpend({...plan, feeRateSatsPerKvb: 5000n}, {feeSats: first.feeSats, incrementalSatsPerKvb: 1000n});
  assert.ok(bumped.ok);
  assert.equal(bumped.value.parts.inputs, first.parts.inputs);
  assert.equal(bumped.value.parts.outputs[0], first.parts.outputs[0]);
  assert.is(bumped.value.feeSats - first.feeSats, first.changeSats - bumped.value.changeSats);
  assert.is((bumpSpend({...plan, feeRateSatsPerKvb: 1990n}, {feeSats: first.feeSats, incrementalSatsPerKvb: 1000n}) as {code: string}).code, 'bump-too-small');
  assert.is((bumpSpend({...plan, feeRateSatsPerKvb: 70_000n}, {feeSats: first.feeSats, incrementalSatsPerKvb: 1000n}) as {code: string}).code, 'bump-no-change');
});

selection.run();
