/**
 * @module The payouts of a pool: the wallet's coins, the payouts and the consolidation, over the node in this process or
 * over those elsewhere.
 */
import type {ActorRef} from '../runtime/actor.js';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import {payoutsActor, type PayoutsOptions} from '../actors/payouts/actor.js';
import {createKeySigner, createSignatureReview} from '../actors/payouts/key-signer.js';
import {accountingLedger, localChainReader, localNetwork} from '../actors/payouts/local-ports.js';
import type {PayoutsMessage} from '../actors/payouts/messages.js';
import type {ChainReader, PaymentNetwork, PayoutSigner} from '../actors/payouts/ports.js';
import {join} from 'node:path';
import {decodeAddress} from '../protocol/address/address.js';
import {TX_WEIGHT_MAX_WU} from '../protocol/mempool/policy.js';
import {createNodeSigner} from '../net/node-signer.js';
import {nodeChainReader, nodeNetwork} from '../net/node-payments.js';
import type {Database} from '../storage/open-database.js';
import {createPayoutStore, createWalletStore} from '../storage/payout-store.js';
import {createFolderSigner} from '../storage/psbt-folder.js';
import type {PoolWallet} from './pool-wallet.js';
import {stopsIn, yieldTurn, type Site} from './site.js';
import type {NodeParts} from './node-parts.js';
import {nodeRpcOf, type NodeSettings} from './upstream-part.js';

/** A payout in no block is sent again: mempools forget, and nodes restart. */
const REBROADCAST_MS = 300_000;
/** The first and seven higher fees: a quarter more each is five times the first. */
const ATTEMPTS_MAX = 8;
/** Payouts that are sent and not deep. */
const SENT_MAX = 8;
/** BIP 125, rule 4, as nodes are configured by default. */
const INCREMENTAL_SATS_PER_KVB = 1_000n;

export interface PayoutParts {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly database: Database;
  readonly wallet: PoolWallet;
  /** Where coinbases pay to. */
  readonly address: string;
  readonly chain: ChainReader;
  readonly network: PaymentNetwork;
}

/** Made only where there is a wallet. */
export type PaymentBackend = Pick<PayoutParts, 'chain' | 'network'>;

/** The node in this process. */
export function localPayments(node: NodeParts): PaymentBackend {
  return {chain: localChainReader(node.chain), network: localNetwork(node.mempool)};
}

/** Nodes elsewhere: with connections of their own, so that a wallet that catches up delays no job. */
export function remotePayments(nodes: readonly NodeSettings[]): PaymentBackend {
  const clients = nodes.map(nodeRpcOf);
  return {chain: nodeChainReader(clients), network: nodeNetwork(clients)};
}

export function startPayouts(site: Site, parts: PayoutParts): ActorRef<PayoutsMessage> {
  const {config, system} = site;
  const {wallet, database} = parts;
  const signer = signerOf(site, wallet);
  const payouts = system.spawn(payoutsActor(optionsOf(site, parts), {
    store: createPayoutStore(database),
    walletStore: createWalletStore(database),
    ledger: accountingLedger(parts.accounting),
    network: atLeast(parts.network, satsPerKvb(config.payouts.minFeeRateSatsPerVb)),
    chain: parts.chain,
    signer,
    review: createSignatureReview(yieldTurn),
  }), {name: 'payouts'});
  stopsIn(site, 'drain-shares', payouts);
  return payouts as unknown as ActorRef<PayoutsMessage>;
}

function signerOf({config: {pool, wallet: settings, dataDir}}: Site, {account, book, isWatchOnly}: PoolWallet): PayoutSigner {
  if (!isWatchOnly) return createKeySigner(account, book, yieldTurn);
  if (settings.signer === 'folder' || pool.upstream === 'local') return createFolderSigner(settings.psbtDir === '' ? join(dataDir, 'psbt') : settings.psbtDir, account, book);
  const [node] = pool.upstream;
  const path = settings.nodeWallet === '' ? '' : `/wallet/${encodeURIComponent(settings.nodeWallet)}`;
  return createNodeSigner(nodeRpcOf({...node!, rpcUrl: node!.rpcUrl.replace(/\/$/, '') + path}), {keys: account, book});
}

function optionsOf({config, spec}: Site, {wallet, address}: PayoutParts): PayoutsOptions {
  const {payouts, consolidation} = config;
  const feeRateMaxSatsPerKvb = satsPerKvb(payouts.maxFeeRateSatsPerVb);
  const {witnessScaleFactor, coinbaseMaturityBlocks} = spec;
  return {
    desk: {
      payout: {thresholdSats: BigInt(payouts.thresholdSats), outputsMax: payouts.maxOutputs, feeFrom: payouts.feeFrom, feeRateMaxSatsPerKvb, witnessScaleFactor, weightMaxWu: TX_WEIGHT_MAX_WU},
      consolidation: {
        feeRateMaxSatsPerKvb: satsPerKvb(consolidation.maxFeeRateSatsPerVb), witnessScaleFactor, weightMaxWu: TX_WEIGHT_MAX_WU,
        coinCountMin: consolidation.coinsAbove, inputsMax: consolidation.maxInputs,
      },
      machine: {
        confirmationsNeeded: payouts.confirmations, rebroadcastMs: REBROADCAST_MS, bumpAfterMs: payouts.bumpAfterSec * 1_000, attemptsMax: ATTEMPTS_MAX,
        feeRateMaxSatsPerKvb, incrementalSatsPerKvb: INCREMENTAL_SATS_PER_KVB, witnessScaleFactor, isSignedElsewhere: wallet.isWatchOnly, finalDepth: coinbaseMaturityBlocks,
      },
      maturityBlocks: coinbaseMaturityBlocks,
      changeScript: wallet.account.script(1, 0).scriptPubKey,
      scriptOf: (account) => {
        const decoded = decodeAddress(account, spec.address);
        return decoded.ok ? decoded.value.scriptPubKey : undefined;
      },
      sentMax: SENT_MAX,
    },
    follower: {isOurs: (script) => wallet.book.find(script) !== undefined, birthdaySec: wallet.birthdaySec},
    intervalMs: payouts.intervalSec * 1_000,
    consolidationIntervalMs: consolidation.enabled ? consolidation.intervalSec * 1_000 : undefined,
    address,
  };
}

/** Rounded to the satoshi per 1,000 virtual bytes. */
function satsPerKvb(satsPerVb: number): bigint {
  return BigInt(Math.round(satsPerVb * 1_000));
}

function atLeast(network: PaymentNetwork, least: bigint): PaymentNetwork {
  return {
    send: (bytes) => network.send(bytes),
    async feeRateSatsPerKvb() {
      const rate = await network.feeRateSatsPerKvb();
      return rate === undefined || rate > least ? rate : least;
    },
  };
}
