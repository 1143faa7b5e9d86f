/**
 * @module Verifies many inputs without doing curve arithmetic: evaluates, collects the signature questions, and settles
 * when the answers come. The caller loops:
 *
 *     let round = beginVerification(inputs);
 *     while (round.questions.length > 0) round = continueVerification(round, await answersTo(round.questions));
 *
 * An unknown answer is assumed to be true. An evaluation that assumed nothing, or whose assumptions all came true,
 * stands; any other runs again with what is known by then. Each further run knows at least one more answer, so the loop
 * ends after at most as many rounds as one input has questions; honest inputs need one, a multisig up to one a key.
 */
import {hashKey} from '../bytes/hash-key.js';
import {finishSteps} from '../steps.js';
import type {Steps} from '../steps.js';
import {assert} from '../verdict.js';
import type {Verdict} from '../verdict.js';
import type {ScriptErrorCode} from './script-error.js';
import type {ScriptFlags} from './script-flags.js';
import type {SignatureCheck, SignatureOracle} from './signature-check.js';
import type {TransactionDigests} from './transaction-digests.js';
import {verifyScript} from './verify-script.js';

const NOTHING_ASSUMED: number[] = [];
const NOTHING_KNOWN: ReadonlyMap<string, boolean> = new Map();

export type InputVerdict = Verdict<undefined, ScriptErrorCode>;

/** Inputs of one transaction share its {@link TransactionDigests}: that is what keeps hashing linear. */
export interface InputToVerify {
  readonly digests: TransactionDigests;
  readonly inputIndex: number;
  readonly flags: ScriptFlags;
}

export interface VerificationRound {
  readonly inputs: readonly InputToVerify[];
  /** In the order of `inputs`; undefined while answers are missing. A rejection is final as soon as it stands here. */
  readonly verdicts: readonly (InputVerdict | undefined)[];
  /** What must be answered before the next round, each once. Empty: everything is settled. */
  readonly questions: readonly SignatureCheck[];
  /** Answers so far, by question. Only inputs that had to run again need them. */
  readonly known: ReadonlyMap<string, boolean>;
  readonly pending: readonly PendingInput[];
}

interface PendingInput {
  readonly index: number;
  readonly verdict: InputVerdict;
  /** Indexes into the round's `questions`: what the verdict assumed. */
  readonly assumed: readonly number[];
}

export function inputsOf(digests: TransactionDigests, flags: ScriptFlags): InputToVerify[] {
  return digests.transaction.inputs.map((_, inputIndex) => ({digests, inputIndex, flags}));
}

export function beginVerification(inputs: readonly InputToVerify[]): VerificationRound {
  return finishSteps(beginVerificationInSteps(inputs));
}

/** A step an input: some 20 us. */
export function* beginVerificationInSteps(inputs: readonly InputToVerify[]): Steps<VerificationRound> {
  const all = inputs.map((_, index) => index);
  return yield* evaluate({inputs, verdicts: inputs.map(() => undefined), known: NOTHING_KNOWN}, all);
}

/** @param answers - one for each of `round.questions`, in order. */
export function continueVerification(round: VerificationRound, answers: readonly boolean[]): VerificationRound {
  return finishSteps(continueVerificationInSteps(round, answers));
}

export function* continueVerificationInSteps(round: VerificationRound, answers: readonly boolean[]): Steps<VerificationRound> {
  assert(answers.length === round.questions.length, 'one answer for each question');
  const verdicts = round.verdicts.slice();
  const unsettled: number[] = [];
  for (const {index, verdict, assumed} of round.pending) {
    if (assumed.every((question) => answers[question])) verdicts[index] = verdict;
    else unsettled.push(index);
  }
  // The usual end: every signature of the block was good, and nothing needs to be looked up by key.
  if (unsettled.length === 0) return {inputs: round.inputs, verdicts, known: round.known, questions: [], pending: []};
  const known = new Map(round.known);
  for (const [index, question] of round.questions.entries()) known.set(questionKey(question), answers[index]!);
  return yield* evaluate({inputs: round.inputs, verdicts, known}, unsettled);
}

/** Settles everything with an oracle that answers at once. */
export function checkAllNow(inputs: readonly InputToVerify[], oracle: SignatureOracle): InputVerdict[] {
  return inputs.map((input) => verifyScript({...input, oracle}));
}

/** The first rejection in input order. @returns undefined when there is none among those settled. */
export function firstRejection(round: VerificationRound): {readonly index: number; readonly code: ScriptErrorCode} | undefined {
  for (const [index, verdict] of round.verdicts.entries()) {
    if (verdict !== undefined && !verdict.ok) return {index, code: verdict.code};
  }
  return undefined;
}

type RoundStart = Pick<VerificationRound, 'inputs' | 'verdicts' | 'known'>;

function* evaluate({inputs, verdicts, known}: RoundStart, indexes: readonly number[]): Steps<VerificationRound> {
  const settled = verdicts.slice();
  const pending: PendingInput[] = [];
  const collector = new QuestionCollector(known);
  for (const index of indexes) {
    collector.startInput();
    const verdict = verifyScript({...inputs[index]!, oracle: collector});
    if (collector.assumed.length === 0) settled[index] = verdict;
    else pending.push({index, verdict, assumed: collector.assumed});
    yield;
  }
  return {inputs, verdicts: settled, questions: collector.questions, known, pending};
}

class QuestionCollector implements SignatureOracle {
  readonly questions: SignatureCheck[] = [];
  /** An empty one is never written to. */
  assumed: number[] = NOTHING_ASSUMED;
  private readonly known: ReadonlyMap<string, boolean>;
  /** This input's questions by key, from its second one on: most inputs ask once. */
  private ownQuestions: Map<string, number> | undefined;

  constructor(known: ReadonlyMap<string, boolean>) {
    this.known = known;
  }

  startInput(): void {
    this.assumed = NOTHING_ASSUMED;
    // Two inputs never sign the same digest but by SIGHASH_SINGLE's constant, so only one input's own repeats are merged.
    this.ownQuestions = undefined;
  }

  isValid(check: SignatureCheck): boolean {
    // Most inputs ask once and nothing is known yet: no key is made for them.
    if (this.known.size === 0 && this.assumed.length === 0) {
      this.assume(check);
      return true;
    }
    const key = questionKey(check);
    const answer = this.known.get(key);
    if (answer !== undefined) return answer;
    const own = this.ownQuestions ??= this.keyedFirstQuestion();
    if (!own.has(key)) {
      own.set(key, this.questions.length);
      this.assume(check);
    }
    return true;
  }

  private assume(check: SignatureCheck): void {
    // Pushed to an empty list the one number of most inputs would take room for seventeen.
    if (this.assumed.length === 0) this.assumed = [this.questions.length];
    else this.assumed.push(this.questions.length);
    this.questions.push(check);
  }

  private keyedFirstQuestion(): Map<string, number> {
    const first = this.assumed[0];
    return first === undefined ? new Map() : new Map([[questionKey(this.questions[first]!), first]]);
  }
}

/** Lengths are fixed by the scheme and the key's first byte, so plain joining is unambiguous. */
function questionKey({scheme, publicKey, signature, message}: SignatureCheck): string {
  return scheme + hashKey(publicKey) + hashKey(signature) + hashKey(message);
}
