/**
 * @module The wallet of a node as the payouts' signer: it is given a PSBT and gives it back signed (`walletprocesspsbt`). It
 * chooses no coins and pays nothing by itself: what it signs was planned and recorded before, so an answer that is lost can
 * be asked for again.
 */
import type {PayoutSigner} from '../actors/payouts/ports.js';
import type {NodeRpc} from '../actors/upstream/ports.js';
import {reject} from '../protocol/verdict.js';
import type {AccountKeys, ScriptBook} from '../protocol/wallet/account-keys.js';
import {createPsbt, transactionOfPsbt} from '../protocol/wallet/psbt.js';

/** A thousand inputs take a wallet some seconds. */
const TIMEOUT_MS = 60_000;

export function createNodeSigner(node: NodeRpc, account: {readonly keys: AccountKeys; readonly book: ScriptBook}): PayoutSigner {
  return {
    kind: 'node',
    async sign({parts, spent}) {
      const psbt = Buffer.from(createPsbt(parts, spent, account)).toString('base64');
      let answer: unknown;
      try {
        answer = await node.call('walletprocesspsbt', [psbt, true], {timeoutMs: TIMEOUT_MS});
      } catch (error) {
        // Locked, not loaded, or away: asked again with the next turn.
        return reject('node-wallet-unavailable', error instanceof Error ? error.message : String(error));
      }
      const {psbt: signed} = (answer ?? {}) as {psbt?: unknown};
      if (typeof signed !== 'string') return reject('node-wallet-unavailable', 'walletprocesspsbt gave no PSBT back');
      const judged = transactionOfPsbt(new Uint8Array(Buffer.from(signed, 'base64')), parts, spent);
      return judged.ok ? {ok: true, transaction: judged.value} : judged;
    },
  };
}
