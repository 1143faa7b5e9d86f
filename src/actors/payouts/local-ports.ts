/**
 * @module The payouts' ports over the actors of this process: its own chain, its mempool, its accounting.
 */
import type {ActorRef} from '../../runtime/actor.js';
import type {Due} from '../../protocol/payout/payout-plan.js';
import {reject} from '../../protocol/verdict.js';
import type {AccountingMessage, ListPayable, PostEntry} from '../accounting/messages.js';
import type {ChainMessage, GetBlock, GetHashAtHeight, GetTip} from '../chain/messages.js';
import type {GetMempoolInfo, MempoolMessage, SubmitTransaction} from '../mempool/messages.js';
import type {ChainReader, PaymentNetwork, PayoutLedger} from './ports.js';

const ASK_TIMEOUT_MS = 30_000;
const PAGE = 1_000;
const ASK = {timeoutMs: ASK_TIMEOUT_MS};

export function localChainReader(chain: ActorRef<ChainMessage>): ChainReader {
  return {
    async tip() {
      const {hash, height} = await chain.ask<GetTip>({type: 'chain.getTip'}, ASK);
      return {hash, height};
    },
    hashAt: async (height) => await chain.ask<GetHashAtHeight>({type: 'chain.getHashAtHeight', height}, ASK) ?? undefined,
    block: async (hash) => (await chain.ask<GetBlock>({type: 'chain.getBlock', hash}, ASK))?.block,
  };
}

export function localNetwork(mempool: ActorRef<MempoolMessage>): PaymentNetwork {
  return {
    feeRateSatsPerKvb: async () => (await mempool.ask<GetMempoolInfo>({type: 'mempool.getInfo'}, ASK)).minFeeSatsPerKvb,
    async send(txBytes) {
      const outcome = await mempool.ask<SubmitTransaction>({type: 'mempool.submit', txBytes}, ASK);
      if (outcome.ok || outcome.code === 'txn-already-in-mempool') return {ok: true};
      return reject(outcome.code, outcome.detail);
    },
  };
}

export function accountingLedger(accounting: ActorRef<AccountingMessage>): PayoutLedger {
  return {
    async listPayable(minimumSats) {
      const due: Due[] = [];
      for (;;) {
        const after = due.at(-1)?.account;
        const page = await accounting.ask<ListPayable>({type: 'accounting.listPayable', minimumSats, limit: PAGE, ...(after !== undefined && {after})}, ASK);
        due.push(...page);
        if (page.length < PAGE) return due;
      }
    },
    async post(entry) {
      const outcome = await accounting.ask<PostEntry>({type: 'accounting.postEntry', entry}, ASK);
      return outcome.ok ? {ok: true} : outcome;
    },
  };
}
