/**
 * @module Chooses one backend per scheme: the first in the order of preference that is installed and agrees with noble.
 * Each thread chooses for itself; its choice travels back with every reply as a bit set (`flavour`).
 */
import type {SignatureScheme} from '../../protocol/script/signature-check.js';
import {loadBackend} from './accelerated.js';
import type {BackendPreference, Sha256dBackend, SignatureBackend, VerifySignature} from './backend.js';
import {SHA256D_BACKEND_NAMES, SIGNATURE_BACKEND_NAMES} from './backend.js';
import {nobleSha256d, nobleSignatures} from './noble.js';
import {findDisagreement, findHashDisagreement} from './self-check.js';
import {handTunedSha256d} from './sha256d.js';

const SCHEMES: readonly SignatureScheme[] = ['ecdsa', 'schnorr', 'ed25519'];

export interface ChosenSignatures {
  readonly verify: Readonly<Record<SignatureScheme, VerifySignature>>;
  readonly flavour: number;
  /** Installed, but not used: the first disagreement of each, in words. */
  readonly rejected: readonly string[];
}

export async function chooseSignatureBackends(preference: BackendPreference): Promise<ChosenSignatures> {
  const names = preference === 'noble' ? (['noble'] as const) : SIGNATURE_BACKEND_NAMES;
  const loaded = (await Promise.all(names.map(loadBackend))).filter((backend) => backend !== undefined);
  return chooseAmong(loaded);
}

/** Of backends in order of preference; noble stands in where none of them serves. */
export function chooseAmong(backends: readonly SignatureBackend[]): ChosenSignatures {
  const verify: Record<SignatureScheme, VerifySignature> = {...nobleSignatures.schemes};
  const rejected: string[] = [];
  let flavour = 0;
  SCHEMES.forEach((scheme, position) => {
    const chosen = backends.find((backend) => {
      if (backend.schemes[scheme] === undefined) return false;
      if (backend.name === nobleSignatures.name) return true;
      const disagreement = findDisagreement(backend, scheme);
      if (disagreement !== undefined) rejected.push(disagreement);
      return disagreement === undefined;
    }) ?? nobleSignatures;
    verify[scheme] = chosen.schemes[scheme]!;
    flavour |= (1 + SIGNATURE_BACKEND_NAMES.findIndex((name) => name === chosen.name)) << (8 * position);
  });
  return {verify, flavour, rejected};
}

/** `['ecdsa secp256k1-addon', …]`; empty before the first reply. */
export function describeSignatureFlavour(flavour: number): readonly string[] {
  if (flavour === 0) return [];
  return SCHEMES.map((scheme, position) => `${scheme} ${SIGNATURE_BACKEND_NAMES[((flavour >>> (8 * position)) & 0xff) - 1] ?? 'unlisted'}`);
}

export interface ChosenSha256d {
  readonly sha256d: Sha256dBackend['sha256d'];
  readonly flavour: number;
}

export function chooseSha256d(preference: BackendPreference): ChosenSha256d {
  const backend = preference === 'fastest' && findHashDisagreement(handTunedSha256d) === undefined ? handTunedSha256d : nobleSha256d;
  return {sha256d: backend.sha256d, flavour: 1 + SHA256D_BACKEND_NAMES.findIndex((name) => name === backend.name)};
}

export function describeSha256dFlavour(flavour: number): readonly string[] {
  return flavour === 0 ? [] : [`sha256d ${SHA256D_BACKEND_NAMES[flavour - 1] ?? 'unlisted'}`];
}
