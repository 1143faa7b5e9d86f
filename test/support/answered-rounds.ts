/** Drives the assume-and-rerun loop of verify-inputs with an oracle in this thread, as actors do with worker threads. */
import type {SignatureOracle} from '../../src/protocol/script/signature-check.js';
import {beginVerification, continueVerification} from '../../src/protocol/script/verify-inputs.js';
import type {InputToVerify, InputVerdict} from '../../src/protocol/script/verify-inputs.js';

export interface RoundsOutcome {
  readonly verdicts: readonly (InputVerdict | undefined)[];
  readonly rounds: number;
}

export function verifyInRounds(inputs: readonly InputToVerify[], oracle: SignatureOracle): RoundsOutcome {
  let round = beginVerification(inputs);
  let rounds = 0;
  for (; round.questions.length > 0; rounds++) {
    round = continueVerification(round, round.questions.map((question) => oracle.isValid(question)));
  }
  return {verdicts: round.verdicts, rounds};
}
