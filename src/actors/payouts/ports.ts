/**
 * @module What the payouts need: a disk, the ledger, a network that takes transactions, a chain to read, and a signer.
 * Every port may fail by rejecting; nothing was done then, or it is safe to do it again.
 */
import type {PayoutEntry, PayoutRecord} from '../../protocol/payout/payout-record.js';
import type {Due} from '../../protocol/payout/payout-plan.js';
import type {Block} from '../../protocol/primitives/block.js';
import type {TransactionParts} from '../../protocol/primitives/transaction-codec.js';
import type {Hash256, OutPoint, Sats, Transaction, TxOutput} from '../../protocol/primitives/transaction.js';
import type {Rejection} from '../../protocol/verdict.js';
import type {TrackedCoin, WalletPosition} from '../../protocol/wallet/tracked-coins.js';

export interface PayoutSettings {
  readonly isPaused: boolean;
  readonly lastRunAtMs: number | undefined;
}

export interface PayoutQuery {
  readonly limit: number;
  /** Only smaller ids. */
  readonly before?: number | undefined;
  readonly account?: string | undefined;
  readonly kind?: PayoutRecord['kind'] | undefined;
}

export interface PayoutStore {
  /** In order of id; read once, at start-up. */
  records(): Iterable<PayoutRecord>;
  record(id: number): PayoutRecord | undefined;
  /** Newest first. */
  list(query: PayoutQuery): readonly PayoutRecord[];
  settings(): PayoutSettings;
  /**
   * Resolves when the record is ON DISK. Rejects `payout-fenced`, changing nothing, unless the record is the next version of the
   * one on disk: two writers that know of the same version cannot both go on.
   */
  put(record: PayoutRecord): Promise<void>;
  putSettings(settings: PayoutSettings): Promise<void>;
}

export interface WalletChange {
  readonly put: readonly TrackedCoin[];
  readonly removed: readonly OutPoint[];
  /** The last block that the coins follow from; those above it are forgotten. */
  readonly position: WalletPosition;
  /** Blocks since the position before, in order: their hashes are kept for `hashAt`. */
  readonly blocks: readonly WalletPosition[];
}

export interface WalletStore {
  position(): WalletPosition | undefined;
  /** Of the last thousand blocks. */
  hashAt(height: number): Hash256 | undefined;
  coins(): Iterable<TrackedCoin>;
  /** All or nothing; resolves when committed. What a crash loses is read from the chain again. */
  commit(change: WalletChange): Promise<void>;
}

export interface PayoutLedger {
  /** Matured, not paid, not in a payout; at least so much each. */
  listPayable(minimumSats: Sats): Promise<readonly Due[]>;
  /** Booked once by its id; resolves when it is on disk. `ledger-unavailable`: ask again. */
  post(entry: PayoutEntry): Promise<{readonly ok: true} | Rejection>;
}

export interface PaymentNetwork {
  /** Satoshis per 1,000 virtual bytes for a transaction that shall confirm soon; undefined while nobody knows. */
  feeRateSatsPerKvb(): Promise<Sats | undefined>;
  /** ok also when the network has it already. `network-unavailable`: nobody could be asked; else why it was refused. */
  send(transactionBytes: Uint8Array): Promise<{readonly ok: true} | Rejection>;
}

/** The active chain, as somebody tells it who may change his mind between two questions. */
export interface ChainReader {
  tip(): Promise<WalletPosition>;
  hashAt(height: number): Promise<Hash256 | undefined>;
  block(hash: Hash256): Promise<Block | undefined>;
}

export interface SignRequest {
  readonly id: number;
  readonly txid: Hash256;
  readonly parts: TransactionParts;
  /** The outputs that are spent, in the order of the inputs. */
  readonly spent: readonly TxOutput[];
}

/** Says whether a signed transaction is the planned one and spends what it says. */
export interface SignatureReview {
  review(transaction: Transaction, request: SignRequest): Promise<{readonly ok: true; readonly transaction: Transaction} | Rejection>;
}

export interface PayoutSigner {
  readonly kind: 'keys' | 'external' | 'node';
  /** `payout-awaits-signature`: asked, and not signed yet; ask again. The transaction is checked by whoever asks. */
  sign(request: SignRequest): Promise<{readonly ok: true; readonly transaction: Transaction} | Rejection>;
}
