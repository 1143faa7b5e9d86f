/** The noble oracle with a memory: vectors ask the same question under many sets of flags, and each answer costs a millisecond. */
import {hashKey} from '../../src/protocol/bytes/hash-key.js';
import {isValidByNoble} from '../../src/protocol/script/noble-oracle.js';
import type {SignatureOracle} from '../../src/protocol/script/signature-check.js';

export function rememberingOracle(): SignatureOracle {
  const answers = new Map<string, boolean>();
  return {
    isValid(check) {
      const key = [hashKey(check.publicKey), hashKey(check.signature), hashKey(check.message)].join('|');
      const known = answers.get(key);
      if (known !== undefined) return known;
      const answer = isValidByNoble(check);
      answers.set(key, answer);
      return answer;
    },
  };
}
