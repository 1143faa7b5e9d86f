// Proves that the pool wallet finds the keys that BIP 84 names, that its seed comes back only by the passphrase and only
// with an unchanged file, and that a PSBT travels to a signer and back without anybody being able to change what it pays.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as fc from 'fast-check';
import {Transaction as PsbtTransaction} from '@scure/btc-signer';
import {encodeAddress} from '../../../../src/protocol/address/address.js';
import {bytesEqual} from '../../../../src/protocol/bytes/compare.js';
import {bytesToHex, hexToBytes} from '../../../../src/protocol/bytes/hex.js';
import {REGTEST} from '../../../../src/protocol/chain/presets.js';
import {encodeTransaction, transactionParts} from '../../../../src/protocol/primitives/transaction-codec.js';
import {accountOfEntropy, accountOfXpub, entropyOfWords, ScriptBook, wordsOfEntropy} from '../../../../src/protocol/wallet/account-keys.js';
import {buildSpend} from '../../../../src/protocol/wallet/build-spend.js';
import {checkSigned, combinePsbts, createPsbt, signPsbt, transactionOfPsbt} from '../../../../src/protocol/wallet/psbt.js';
import type {WalletCoin} from '../../../../src/protocol/wallet/select-coins.js';
import {spendVsize} from '../../../../src/protocol/wallet/spend-size.js';
import {formatWalletFile, newWalletFile, parseWalletFile, unlockWallet, watchWallet} from '../../../../src/protocol/wallet/wallet-file.js';
import {weightWu} from '../../../../src/protocol/consensus/weight.js';
import {BITCOIN_PREFIXES} from '../../../support/address-prefixes.js';

const MAIN = BITCOIN_PREFIXES.main;
const ENTROPY = new Uint8Array(16);
const WORDS = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
/** Fast, for tests: the layout is the same. */
const COST = {logN: 10, r: 8, p: 1};
const account = accountOfEntropy(new Uint8Array(16).fill(7), REGTEST.address);
const other = accountOfEntropy(new Uint8Array(16).fill(8), REGTEST.address);
const book = new ScriptBook(account, 5);

function aCoin(n: number, facts: Partial<WalletCoin> = {}): WalletCoin {
  return {outpoint: {txid: new Uint8Array(32).fill(n), vout: n % 3}, valueSats: 100_000n + BigInt(n), scriptPubKey: account.script(n % 2 === 0 ? 0 : 1, n % 5).scriptPubKey, height: 100 + n, isCoinbase: false, ...facts};
}

function aPlan(count: number): {coins: WalletCoin[]; parts: ReturnType<typeof buildSpend>['parts']; vsize: number} {
  const coins = Array.from({length: count}, (_, n) => aCoin(n + 1));
  const {parts, vsize} = buildSpend({
    coins, outputs: [{valueSats: 60_000n, scriptPubKey: other.script(0, 0).scriptPubKey}],
    changeScript: account.script(1, 0).scriptPubKey, feeRateSatsPerKvb: 2000n, witnessScaleFactor: 4,
  });
  return {coins, parts, vsize};
}

const wallet = suite('protocol / wallet');

wallet('derives the addresses of BIP 84', () => {
  assert.is(wordsOfEntropy(ENTROPY), WORDS);
  const keys = accountOfEntropy(ENTROPY, MAIN);
  const address = (branch: 0 | 1, index: number): string | undefined => encodeAddress(keys.script(branch, index).scriptPubKey, MAIN);
  assert.is(address(0, 0), 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu');
  assert.is(address(0, 1), 'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g');
  assert.is(address(1, 0), 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el');
  assert.is(bytesToHex(keys.script(0, 0).publicKey), '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c');
  assert.is(keys.masterFingerprint, 0x73c5da0a);
});

wallet('words give their entropy back, and a wrong word is told', () => {
  assert.equal(entropyOfWords(`  ${WORDS.toUpperCase()} `), {ok: true, value: ENTROPY});
  assert.is((entropyOfWords(WORDS.replace('about', 'abandon')) as {code: string}).code, 'wallet-mnemonic-invalid');
  assert.is((entropyOfWords('nonsense') as {code: string}).code, 'wallet-mnemonic-invalid');
});

wallet('wallet-xpub-invalid: what watches knows the addresses and no key', () => {
  const watching = accountOfXpub(account.accountXpub, REGTEST.address);
  assert.ok(watching.ok);
  assert.equal(watching.value.script(1, 3).scriptPubKey, account.script(1, 3).scriptPubKey);
  assert.is(watching.value.secret(1, 3), undefined);
  assert.is(account.secret(1, 3)?.length, 32);
  assert.is((accountOfXpub(account.accountXpub, MAIN) as {code: string}).code, 'wallet-xpub-invalid');
  assert.is((accountOfXpub('tpub', REGTEST.address) as {code: string}).code, 'wallet-xpub-invalid');
});

const facts = {chain: 'regtest', birthdaySec: 1_767_225_600};
const secret = {entropy: new Uint8Array(16).fill(7), passphrase: 'correct horse', salt: new Uint8Array(16).fill(1), nonce: new Uint8Array(24).fill(2), cost: COST};
const file = newWalletFile(account, facts, secret);

wallet('a wallet file opens with its passphrase, and its text is the whole of it', () => {
  const parsed = parseWalletFile(formatWalletFile(file));
  assert.ok(parsed.ok);
  assert.equal(parsed.value, file);
  const opened = unlockWallet(parsed.value, REGTEST, 'correct horse');
  assert.ok(opened.ok);
  assert.equal(opened.value.entropy, secret.entropy);
  assert.equal(opened.value.secret(0, 2), account.secret(0, 2));
  assert.not.ok(formatWalletFile(file).includes(bytesToHex(secret.entropy)));
});

wallet('wallet-passphrase-wrong: another passphrase, or a changed file', () => {
  assert.is((unlockWallet(file, REGTEST, 'correct hors') as {code: string}).code, 'wallet-passphrase-wrong');
  // A thief who puts his own public key in would be paid in the pool's place.
  const stolen = {...file, accountXpub: other.accountXpub};
  assert.is((unlockWallet(stolen, REGTEST, 'correct horse') as {code: string}).code, 'wallet-passphrase-wrong');
  assert.is((unlockWallet({...file, birthdaySec: 0}, REGTEST, 'correct horse') as {code: string}).code, 'wallet-passphrase-wrong');
});

wallet('wallet-other-chain and wallet-file-invalid: files that are none of this chain', () => {
  assert.is((watchWallet({...file, chain: 'devnet'}, REGTEST) as {code: string}).code, 'wallet-other-chain');
  assert.is((unlockWallet({...file, chain: 'devnet'}, REGTEST, 'x') as {code: string}).code, 'wallet-other-chain');
  for (const text of ['', '{}', 'null', '{"format":2}', JSON.stringify({...file, seed: {kdf: 'md5'}}), JSON.stringify({...file, birthdaySec: -1})]) {
    assert.is((parseWalletFile(text) as {code: string}).code, 'wallet-file-invalid', text);
  }
  const costly = {...file, seed: {...file.seed!, cost: {logN: 40, r: 8, p: 1}}};
  assert.is((unlockWallet(costly, REGTEST, 'correct horse') as {code: string}).code, 'wallet-file-invalid');
  assert.is((unlockWallet(newWalletFile(account, facts), REGTEST, '') as {code: string}).code, 'wallet-file-invalid');
});

wallet('a PSBT goes to the signer and comes back as the planned transaction, no larger than estimated', () => {
  const {coins, parts, vsize} = aPlan(3);
  const psbt = createPsbt(parts, coins, {keys: account, book});
  const signed = signPsbt(psbt, account, book);
  assert.ok(signed.ok);
  assert.is(signed.value.signedCount, 3);
  const transaction = transactionOfPsbt(signed.value.psbt, parts, coins);
  assert.ok(transaction.ok);
  const actual = Math.ceil(weightWu(transaction.value, 4) / 4);
  assert.ok(actual <= vsize && actual >= vsize - 3, `${actual} of ${vsize}`);
});

wallet('what a signer has finalised already is taken as it is', () => {
  const {coins, parts} = aPlan(2);
  const signed = signPsbt(createPsbt(parts, coins), account, book);
  assert.ok(signed.ok);
  const finished = PsbtTransaction.fromPSBT(signed.value.psbt, {allowUnknownInputs: true, allowUnknownOutputs: true});
  finished.finalize();
  assert.ok(transactionOfPsbt(finished.toPSBT(0), parts, coins).ok);
  const half = PsbtTransaction.fromPSBT(signed.value.psbt, {allowUnknownInputs: true, allowUnknownOutputs: true});
  half.finalizeIdx(1);
  assert.ok(transactionOfPsbt(half.toPSBT(0), parts, coins).ok);
});

wallet('two signers that hold half of the inputs each combine to one transaction', () => {
  const coins = [aCoin(1), aCoin(2, {scriptPubKey: other.script(0, 0).scriptPubKey})];
  const {parts} = buildSpend({coins, outputs: [{valueSats: 50_000n, scriptPubKey: other.script(0, 1).scriptPubKey}], changeScript: account.script(1, 0).scriptPubKey, feeRateSatsPerKvb: 1000n, witnessScaleFactor: 4});
  const psbt = createPsbt(parts, coins);
  const first = signPsbt(psbt, account, book);
  const second = signPsbt(psbt, other, new ScriptBook(other, 2));
  assert.ok(first.ok && second.ok);
  assert.is((transactionOfPsbt(first.value.psbt, parts, coins) as {code: string}).code, 'psbt-incomplete');
  const combined = combinePsbts([first.value.psbt, second.value.psbt]);
  assert.ok(combined.ok);
  assert.ok(transactionOfPsbt(combined.value, parts, coins).ok);
});

wallet('psbt-other-transaction: a signer cannot change what is paid', () => {
  const {coins, parts} = aPlan(2);
  const greedy = {...parts, outputs: [{...parts.outputs[0]!, scriptPubKey: other.script(0, 1).scriptPubKey}, parts.outputs[1]!]};
  const signed = signPsbt(createPsbt(greedy, coins), account, book);
  assert.ok(signed.ok);
  assert.is((transactionOfPsbt(signed.value.psbt, parts, coins) as {code: string}).code, 'psbt-other-transaction');
  assert.is((combinePsbts([createPsbt(greedy, coins), createPsbt(parts, coins)]) as {code: string}).code, 'psbt-other-transaction');
});

wallet('psbt-malformed and psbt-not-ours: what is no PSBT, or none of this wallet', () => {
  const {coins, parts} = aPlan(2);
  const psbt = createPsbt(parts, coins);
  assert.is((signPsbt(hexToBytes('00')!, account, book) as {code: string}).code, 'psbt-malformed');
  assert.is((signPsbt(psbt.subarray(0, 40), account, book) as {code: string}).code, 'psbt-malformed');
  assert.is((signPsbt(psbt, other, new ScriptBook(other, 2)) as {code: string}).code, 'psbt-not-ours');
});

wallet('psbt-signature-invalid: a signature over other amounts does not pass', () => {
  const {coins, parts} = aPlan(2);
  const lied = coins.map((coin) => ({...coin, valueSats: coin.valueSats + 1n}));
  const signed = signPsbt(createPsbt(parts, lied), account, book);
  assert.ok(signed.ok);
  assert.is((transactionOfPsbt(signed.value.psbt, parts, coins) as {code: string}).code, 'psbt-signature-invalid');
  const good = transactionOfPsbt((signPsbt(createPsbt(parts, coins), account, book) as {value: {psbt: Uint8Array}}).value.psbt, parts, coins);
  assert.ok(good.ok);
  assert.ok(checkSigned(good.value, parts, coins).ok);
  const elsewhere = encodeTransaction({...transactionParts(good.value), lockTime: 1});
  assert.is((checkSigned(elsewhere, parts, coins) as {code: string}).code, 'psbt-other-transaction');
});

wallet('bytes of a stranger never throw', () => {
  const {coins, parts} = aPlan(1);
  const psbt = createPsbt(parts, coins, {keys: account, book});
  fc.assert(fc.property(fc.nat(psbt.length - 1), fc.nat(255), (at, value) => {
    const changed = psbt.slice();
    changed[at] = value;
    const signed = signPsbt(changed, account, book);
    const read = transactionOfPsbt(signed.ok ? signed.value.psbt : changed, parts, coins);
    return !read.ok || bytesEqual(read.value.outputs[0]!.scriptPubKey, parts.outputs[0]!.scriptPubKey);
  }), {numRuns: 150});
});

wallet('an empty shape has the size of a frame', () => {
  assert.is(spendVsize({inputScripts: [], outputScripts: []}, 4), 11);
});

wallet.run();
