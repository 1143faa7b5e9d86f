/**
 * @module Signs with keys that are in this process, and reviews what any signer gave: input by input with a turn for
 * everybody else in between, because a payout of five hundred inputs is a second of curve arithmetic.
 */
import {encodeTransaction} from '../../protocol/primitives/transaction-codec.js';
import type {TxInput} from '../../protocol/primitives/transaction.js';
import {nobleOracle} from '../../protocol/script/noble-oracle.js';
import {STANDARD_FLAGS} from '../../protocol/script/script-flags.js';
import {signInput} from '../../protocol/script/sign-input.js';
import {TransactionDigests} from '../../protocol/script/transaction-digests.js';
import {checkAllNow, inputsOf} from '../../protocol/script/verify-inputs.js';
import {reject} from '../../protocol/verdict.js';
import type {AccountKeys, ScriptBook} from '../../protocol/wallet/account-keys.js';
import {isPlanned} from '../../protocol/wallet/psbt.js';
import type {PayoutSigner, SignatureReview} from './ports.js';

/** @param yieldTurn - resolves after everything else on this thread had a turn. */
export function createKeySigner(account: AccountKeys, book: ScriptBook, yieldTurn: () => Promise<void>): PayoutSigner {
  return {
    kind: 'keys',
    async sign({parts, spent}) {
      const digests = new TransactionDigests(encodeTransaction(parts), spent);
      const inputs: TxInput[] = [];
      for (const [index, input] of parts.inputs.entries()) {
        const owner = book.find(spent[index]!.scriptPubKey);
        const secret = owner === undefined ? undefined : account.secret(owner.branch, owner.index);
        if (secret === undefined) return reject('sign-not-possible', `input ${index} is not this wallet's`);
        const unlock = signInput(digests, index, {secrets: [secret]});
        if (!unlock.ok) return unlock;
        inputs.push({...input, ...unlock.value});
        await yieldTurn();
      }
      return {ok: true, transaction: encodeTransaction({...parts, inputs})};
    },
  };
}

export function createSignatureReview(yieldTurn: () => Promise<void>): SignatureReview {
  return {
    async review(transaction, {parts, spent}) {
      if (!isPlanned(transaction, parts)) return reject('psbt-other-transaction', 'inputs, outputs or amounts differ from the plan');
      for (const input of inputsOf(new TransactionDigests(transaction, spent), STANDARD_FLAGS)) {
        const [verdict] = checkAllNow([input], nobleOracle);
        if (!verdict!.ok) return reject('psbt-signature-invalid', `input ${input.inputIndex}: ${verdict!.code}`);
        await yieldTurn();
      }
      return {ok: true, transaction};
    },
  };
}
