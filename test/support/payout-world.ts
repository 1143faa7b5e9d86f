/**
 * A small world for payouts: a chain of blocks that only hold the wallet's business, a mempool that keeps the first spend
 * (or takes a higher fee, as BIP 125 has it), a ledger by the real rules, stores in memory, and a process that can be
 * killed between any two effects: before one happened, or after it happened and before the answer came.
 */
import {CoinFollower} from '../../src/actors/payouts/coin-follower.js';
import {createSignatureReview} from '../../src/actors/payouts/key-signer.js';
import {PayoutDesk} from '../../src/actors/payouts/payout-desk.js';
import type {PayoutDeskOptions} from '../../src/actors/payouts/payout-desk.js';
import type {ChainReader, PaymentNetwork, PayoutLedger, PayoutSigner, PayoutStore, SignatureReview, WalletStore} from '../../src/actors/payouts/ports.js';
import {bytesToHex} from '../../src/protocol/bytes/hex.js';
import {outpointMapKey} from '../../src/protocol/bytes/hash-key.js';
import {sha256d} from '../../src/protocol/bytes/sha256.js';
import {REGTEST} from '../../src/protocol/chain/presets.js';
import {checkClaims, checkEntry, isSameEntry, ledgerTotals, minerAccount} from '../../src/protocol/payout/ledger.js';
import type {JournalEntry} from '../../src/protocol/payout/ledger.js';
import type {PayoutRecord} from '../../src/protocol/payout/payout-record.js';
import type {Block} from '../../src/protocol/primitives/block.js';
import {buildTransaction, decodeTransaction, NULL_HASH, NULL_VOUT} from '../../src/protocol/primitives/transaction-codec.js';
import type {Hash256, Transaction, TxOutput} from '../../src/protocol/primitives/transaction.js';
import {signTransaction} from '../../src/protocol/script/sign-input.js';
import {decodeAddress, encodeAddress} from '../../src/protocol/address/address.js';
import {accountOfEntropy, ScriptBook} from '../../src/protocol/wallet/account-keys.js';
import {createMemoryPayoutStore, createMemoryWalletStore} from '../../src/storage/payout-memory-store.js';
import {reject} from '../../src/protocol/verdict.js';

export const WALLET = accountOfEntropy(new Uint8Array(16).fill(3), REGTEST.address);
export const BOOK = new ScriptBook(WALLET, 3);
const MINERS = accountOfEntropy(new Uint8Array(16).fill(4), REGTEST.address);
const POOL_SCRIPT = WALLET.script(0, 0).scriptPubKey;

export function minerAddress(index: number): string {
  return encodeAddress(MINERS.script(0, index).scriptPubKey, REGTEST.address)!;
}

export function scriptOfAddress(address: string): Uint8Array | undefined {
  const decoded = decodeAddress(address, REGTEST.address);
  return decoded.ok ? decoded.value.scriptPubKey : undefined;
}

/** The process was killed here. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Counts effects and kills at the n-th, before or after it is done. */
export class KillSwitch {
  count = 0;
  readonly log: string[] = [];
  readonly at: number;
  readonly isAfter: boolean;
  constructor(at = Infinity, isAfter = false) {
    this.at = at;
    this.isAfter = isAfter;
  }

  async pass<T>(name: string, effect: () => Promise<T> | T): Promise<T> {
    this.count += 1;
    this.log.push(name);
    if (this.count === this.at && !this.isAfter) throw new Killed(`before ${name}`);
    const result = await effect();
    if (this.count === this.at) throw new Killed(`after ${name}`);
    return result;
  }
}

export class FakeLedger {
  readonly journal: JournalEntry[] = [];
  readonly balances = new Map<string, bigint>();

  post(entry: JournalEntry): ReturnType<PayoutLedger['post']> {
    const wrong = checkEntry(entry);
    if (wrong !== undefined) return Promise.resolve(wrong);
    const known = this.journal.find(({id}) => id === entry.id);
    if (known !== undefined) return Promise.resolve(isSameEntry(known, entry) ? {ok: true} : reject('ledger-entry-differs'));
    const refused = checkClaims(entry, (account) => this.balances.get(account) ?? 0n);
    if (refused !== undefined) return Promise.resolve(refused);
    this.journal.push(entry);
    for (const {account, sats} of entry.postings) this.balances.set(account, (this.balances.get(account) ?? 0n) + sats);
    return Promise.resolve({ok: true});
  }

  owed(claim: 'payable' | 'paying', address: string): bigint {
    return -(this.balances.get(minerAccount(claim, address)) ?? 0n);
  }

  totals(): ReturnType<typeof ledgerTotals> {
    return ledgerTotals([...this.balances].map(([account, sats]) => ({account, sats})));
  }
}

export class PayoutWorld {
  readonly blocks: Block[] = [];
  readonly mempool = new Map<string, Transaction>();
  readonly ledger = new FakeLedger();
  readonly store: PayoutStore = createMemoryPayoutStore();
  readonly wallet: WalletStore = createMemoryWalletStore();
  /** Every transaction that the network ever heard of. */
  readonly heard = new Map<string, Transaction>();
  isReplacing = false;
  refusal: string | undefined;
  isSigning = true;
  feeRate: bigint | undefined = 1_000n;
  nowMs = 1_767_225_600_000;
  kill = new KillSwitch();
  #nonce = 0;

  constructor() {
    this.mine();
  }

  get height(): number {
    return this.blocks.length - 1;
  }

  /** A block with what the mempool has; pays the pool when told to. */
  mine(options: {readonly reward?: bigint; readonly isEmpty?: boolean; readonly extra?: readonly Transaction[]} = {}): Block {
    this.#nonce += 1;
    const coinbase = buildTransaction({
      inputs: [{prevout: {txid: NULL_HASH, vout: NULL_VOUT}, scriptSig: Uint8Array.of(2, this.#nonce & 255, this.#nonce >> 8)}],
      outputs: [options.reward === undefined ? {valueSats: 1n, scriptPubKey: Uint8Array.of(0x51)} : {valueSats: options.reward, scriptPubKey: POOL_SCRIPT}],
    });
    const transactions = [coinbase, ...(options.extra ?? []), ...(options.isEmpty === true ? [] : this.mempool.values())];
    for (const {txid} of transactions) this.mempool.delete(bytesToHex(txid));
    const previousHash = this.blocks.at(-1)?.header.hash ?? new Uint8Array(32);
    const hash = sha256d(Uint8Array.from([...previousHash, this.#nonce & 255, this.#nonce >> 8]));
    const block = {header: {version: 1, previousHash, merkleRoot: coinbase.txid, timeSec: 1_767_225_600 + this.blocks.length, bits: 0, nonce: this.#nonce, hash}, transactions, bytes: new Uint8Array(0)} as unknown as Block;
    this.blocks.push(block);
    const spent = this.spentOutpoints();
    for (const [key, {inputs}] of this.mempool) if (inputs.some(({prevout}) => spent.has(outpointMapKey(prevout)))) this.mempool.delete(key);
    return block;
  }

  mineMany(count: number): void {
    for (let i = 0; i < count; i += 1) this.mine();
  }

  /** Leaves the last blocks; what was in them goes back to the mempool unless told otherwise. */
  disconnect(count: number, options: {readonly isForgotten?: boolean} = {}): void {
    for (const block of this.blocks.splice(this.blocks.length - count)) {
      for (const transaction of block.transactions.slice(1)) if (options.isForgotten !== true) this.mempool.set(bytesToHex(transaction.txid), transaction);
    }
  }

  /** A matured reward in the books and in the chain, split as told. */
  async earn(credits: readonly {readonly account: string; readonly sats: bigint}[]): Promise<void> {
    const total = credits.reduce((sum, {sats}) => sum + sats, 0n);
    this.mine({reward: total});
    this.mineMany(REGTEST.coinbaseMaturityBlocks);
    await this.credit(credits);
  }

  async credit(credits: readonly {readonly account: string; readonly sats: bigint}[]): Promise<void> {
    const total = credits.reduce((sum, {sats}) => sum + sats, 0n);
    const booked = await this.ledger.post({
      id: `block/${this.height}/${this.ledger.journal.length}`, kind: 'block-matured', atMs: this.nowMs,
      postings: [{account: 'wallet/available', sats: total}, ...credits.map(({account, sats}) => ({account: minerAccount('payable', account), sats: -sats}))],
    });
    if (!booked.ok) throw new Error(booked.code);
  }

  spentOutpoints(): Set<string> {
    return new Set(this.blocks.flatMap(({transactions}) => transactions.slice(1).flatMap(({inputs}) => inputs.map(({prevout}) => outpointMapKey(prevout)))));
  }

  /** What an address has received in the active chain. */
  received(address: string): bigint {
    const script = bytesToHex(scriptOfAddress(address)!);
    return this.#sumOutputs(({scriptPubKey}) => bytesToHex(scriptPubKey) === script);
  }

  /** Unspent coins of the wallet in the active chain. */
  walletSats(): bigint {
    const spent = this.spentOutpoints();
    let sum = 0n;
    for (const {transactions} of this.blocks) {
      for (const {txid, outputs} of transactions) {
        for (const [vout, {valueSats, scriptPubKey}] of outputs.entries()) if (BOOK.find(scriptPubKey) !== undefined && !spent.has(outpointMapKey({txid, vout}))) sum += valueSats;
      }
    }
    return sum;
  }

  /** A process, new or after a kill. */
  start(options: Partial<PayoutDeskOptions> = {}): PayoutProcess {
    return new PayoutProcess(this, options);
  }

  readonly chain: ChainReader = {
    tip: () => Promise.resolve({height: this.height, hash: this.blocks.at(-1)!.header.hash}),
    hashAt: (height) => Promise.resolve(this.blocks[height]?.header.hash),
    block: (hash: Hash256) => Promise.resolve(this.blocks.find(({header}) => bytesToHex(header.hash) === bytesToHex(hash))),
  };

  /** As a node does: known is fine, a second spend of a coin is not unless it may replace, spent coins are missing. */
  accept(bytes: Uint8Array): ReturnType<PaymentNetwork['send']> {
    const decoded = decodeTransaction(bytes);
    if (!decoded.ok) return Promise.resolve(reject('tx-decode-failed'));
    const key = bytesToHex(decoded.value.txid);
    if (this.refusal !== undefined) return Promise.resolve(reject(this.refusal));
    if (this.mempool.has(key)) return Promise.resolve({ok: true});
    const spent = this.spentOutpoints();
    if (decoded.value.inputs.some(({prevout}) => spent.has(outpointMapKey(prevout)))) return Promise.resolve(reject('bad-txns-inputs-missingorspent'));
    const wanted = new Set(decoded.value.inputs.map(({prevout}) => outpointMapKey(prevout)));
    for (const [other, {inputs}] of this.mempool) {
      if (!inputs.some(({prevout}) => wanted.has(outpointMapKey(prevout)))) continue;
      if (!this.isReplacing) return Promise.resolve(reject('txn-mempool-conflict'));
      this.mempool.delete(other);
    }
    this.mempool.set(key, decoded.value);
    this.heard.set(key, decoded.value);
    return Promise.resolve({ok: true});
  }

  #sumOutputs(isWanted: (output: TxOutput) => boolean): bigint {
    return this.blocks.flatMap(({transactions}) => transactions.slice(1)).flatMap(({outputs}) => outputs).filter(isWanted).reduce((sum, {valueSats}) => sum + valueSats, 0n);
  }
}

export const DESK_OPTIONS: PayoutDeskOptions = {
  payout: {thresholdSats: 10_000n, outputsMax: 100, feeFrom: 'miners', feeRateMaxSatsPerKvb: 50_000n, witnessScaleFactor: 4, weightMaxWu: 400_000},
  consolidation: {feeRateMaxSatsPerKvb: 5_000n, witnessScaleFactor: 4, weightMaxWu: 400_000, coinCountMin: 10, inputsMax: 50},
  machine: {
    confirmationsNeeded: 3, rebroadcastMs: 60_000, bumpAfterMs: 600_000, attemptsMax: 4, feeRateMaxSatsPerKvb: 50_000n, incrementalSatsPerKvb: 1_000n,
    witnessScaleFactor: 4, isSignedElsewhere: false, finalDepth: 100,
  },
  maturityBlocks: REGTEST.coinbaseMaturityBlocks,
  changeScript: WALLET.script(1, 0).scriptPubKey,
  scriptOf: scriptOfAddress,
  sentMax: 4,
};

/** What a process of this world is given: each effect passes the kill switch. */
export function worldPorts(world: PayoutWorld): {store: PayoutStore; walletStore: WalletStore; ledger: PayoutLedger; network: PaymentNetwork; signer: PayoutSigner; review: SignatureReview; chain: ChainReader} {
  const pass = <T>(name: string, effect: () => Promise<T> | T): Promise<T> => world.kill.pass(name, effect);
  const walletStore: WalletStore = {...world.wallet, commit: (change) => pass('wallet', () => world.wallet.commit(change))};
  const store: PayoutStore = {
    ...world.store,
    put: (record) => pass(`put ${record.state}`, () => world.store.put(record)),
    putSettings: (settings) => pass('settings', () => world.store.putSettings(settings)),
  };
  const ledger: PayoutLedger = {
    listPayable: (minimumSats) => Promise.resolve([...world.ledger.balances].flatMap(([account, sats]) => (account.startsWith('payable/') && -sats >= minimumSats ? [{account: account.slice(8), payableSats: -sats}] : []))),
    post: (entry) => pass(`book ${entry.id}`, () => world.ledger.post(entry)),
  };
  const network: PaymentNetwork = {feeRateSatsPerKvb: () => Promise.resolve(world.feeRate), send: (bytes) => pass('send', () => world.accept(bytes))};
  const signer: PayoutSigner = {
    kind: 'keys',
    sign: ({parts, spent}) => pass('sign', () => {
      if (!world.isSigning) return reject('payout-awaits-signature');
      const keys = spent.map(({scriptPubKey}) => {
        const {branch, index} = BOOK.find(scriptPubKey)!;
        return {secrets: [WALLET.secret(branch, index)!]};
      });
      const signed = signTransaction(parts, spent, keys);
      return signed.ok ? {ok: true as const, transaction: signed.value} : signed;
    }),
  };
  return {store, walletStore, ledger, network, signer, review: createSignatureReview(() => Promise.resolve()), chain: world.chain};
}

/** One life of the process that pays. */
export class PayoutProcess {
  readonly desk: PayoutDesk;
  readonly follower: CoinFollower;
  readonly changes: PayoutRecord[] = [];
  readonly #world: PayoutWorld;

  constructor(world: PayoutWorld, options: Partial<PayoutDeskOptions>) {
    this.#world = world;
    const {walletStore, chain, ...ports} = worldPorts(world);
    this.follower = new CoinFollower({isOurs: (script) => BOOK.find(script) !== undefined, birthdaySec: 0}, walletStore, chain);
    this.desk = new PayoutDesk({...DESK_OPTIONS, ...options}, {...ports, follower: this.follower, onChange: (record) => this.changes.push(record)});
  }

  async sync(): Promise<void> {
    for (let i = 0; i < 100; i += 1) if (await this.follower.step(this.desk.lockedCoins())) return;
    throw new Error('the follower never reaches the tip');
  }

  /** What the actor does at each turn. */
  async turn(options: {readonly isPayDue?: boolean; readonly isMergeDue?: boolean} = {}): Promise<void> {
    await this.sync();
    await this.desk.carryOn(this.#world.nowMs);
    if (options.isPayDue === true) await this.desk.pay(this.#world.nowMs);
    if (options.isMergeDue === true) await this.desk.consolidate(this.#world.nowMs);
  }
}
