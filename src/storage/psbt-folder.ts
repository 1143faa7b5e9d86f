/**
 * @module A folder through which payouts go to a signer that is somewhere else, and come back: `payout-7-1a2b3c4d.psbt` is
 * what is to be signed, every `payout-7-1a2b3c4d.….psbt` beside it an answer. Several answers are combined. Both the bytes of
 * BIP 174 and their base64 text are read. What an answer says is judged by the payout, never believed.
 */
import {mkdirSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {PayoutSigner, SignRequest} from '../actors/payouts/ports.js';
import {hashToDisplayHex} from '../protocol/bytes/hex.js';
import {reject, type Verdict} from '../protocol/verdict.js';
import type {AccountKeys, ScriptBook} from '../protocol/wallet/account-keys.js';
import {combinePsbts, createPsbt, transactionOfPsbt} from '../protocol/wallet/psbt.js';
import {writeWhole} from './whole-file.js';

/** A PSBT of a thousand inputs with their keys has some 300 kB. */
const PSBT_BYTES_MAX = 8_000_000;
const ANSWERS_MAX = 16;

export function createFolderSigner(folder: string, account: AccountKeys, book: ScriptBook): PayoutSigner {
  mkdirSync(folder, {recursive: true});
  return {
    kind: 'external',
    async sign(request) {
      const name = psbtName(request);
      const files = readdirSync(folder);
      if (!files.includes(`${name}.psbt`)) writeWhole(join(folder, `${name}.psbt`), createPsbt(request.parts, request.spent, {keys: account, book}));
      const answers = files.filter((file) => file.startsWith(`${name}.`) && file.endsWith('.psbt') && file !== `${name}.psbt`).sort().slice(0, ANSWERS_MAX);
      if (answers.length === 0) return awaited(name);
      const parts: Uint8Array[] = [];
      for (const answer of answers) {
        const psbt = readPsbt(join(folder, answer));
        if (!psbt.ok) return psbt;
        parts.push(psbt.value);
      }
      const combined = parts.length === 1 ? {ok: true as const, value: parts[0]!} : combinePsbts(parts);
      if (!combined.ok) return combined;
      const judged = transactionOfPsbt(combined.value, request.parts, request.spent);
      if (judged.ok) return {ok: true, transaction: judged.value};
      return judged.code === 'psbt-incomplete' ? awaited(name) : judged;
    },
  };
}

/** Names one plan: another fee is another transaction, and another file. */
export function psbtName({id, txid}: Pick<SignRequest, 'id' | 'txid'>): string {
  return `payout-${id}-${hashToDisplayHex(txid).slice(0, 8)}`;
}

/** Bytes or base64. */
export function readPsbt(path: string): Verdict<Uint8Array, 'psbt-malformed'> {
  try {
    if (statSync(path).size > PSBT_BYTES_MAX) return reject('psbt-malformed', `${path} is larger than any PSBT`);
    const bytes = readFileSync(path);
    const text = bytes.subarray(0, 6).toString('latin1');
    // "psbt\xff" in base64.
    return {ok: true, value: new Uint8Array(text === 'cHNidP' ? Buffer.from(bytes.toString('latin1').trim(), 'base64') : bytes)};
  } catch (error) {
    return reject('psbt-malformed', `${path} cannot be read (${String((error as {code?: unknown}).code)})`);
  }
}

function awaited(name: string): Awaited<ReturnType<PayoutSigner['sign']>> {
  return reject('payout-awaits-signature', `${name}.psbt`);
}
