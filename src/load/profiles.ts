/**
 * @module Who is in a crowd: the named profiles of `pithead load`, each with the parts of the miners that behave in a
 * certain way. What a behaviour does is carried out by the crowd; here it is data, so that a report can print the plan.
 */

/** What can be wrong with a submit on purpose. `garbage` is a line that is no JSON, so it is no submit. */
export const FAULTS = ['duplicate', 'stale', 'low-difficulty', 'unknown-job', 'malformed', 'bad-version', 'bad-ntime', 'unauthorised', 'garbage'] as const;
export type Fault = (typeof FAULTS)[number];
/** Why a submit was sent: an honest share, or one of the faults. */
export type Intent = 'share' | Fault;
export const INTENTS: readonly Intent[] = ['share', ...FAULTS];

export interface Behaviour {
  readonly name: string;
  /** Part of all miners, 0 to 1. */
  readonly part: number;
  /** Of its submits, so many have each fault; the rest are honest. */
  readonly faults?: Readonly<Partial<Record<Fault, number>>>;
  /** paced: by its hashrate. closed-loop: the next share as soon as one is answered. never: it only listens. */
  readonly submits: 'paced' | 'closed-loop' | 'never';
  /** slowly: does not read for a while, again and again. not-at-all: never reads once it is authorised. */
  readonly reads?: 'slowly' | 'not-at-all';
  /** Mean time after which it drops its connection and comes back. */
  readonly reconnectMeanSec?: number;
  /** A byte of its greeting at a time, and never a whole line. */
  readonly dripsGreeting?: boolean;
  /** On a loopback pool it comes from an address of its own, so that a ban of it does not fall on honest miners. */
  readonly isHostile?: boolean;
}

export interface Profile {
  readonly name: string;
  readonly doc: string;
  readonly behaviours: readonly Behaviour[];
  /** All miners are connected after this part of the run, at most `rampSecMax` seconds. */
  readonly rampPart: number;
  readonly rampSecMax: number;
  /** All connections are cut at once, and come back within `withinSec`. */
  readonly storms?: {readonly everySec: number; readonly withinSec: number};
}

const HONEST: Omit<Behaviour, 'part'> = {name: 'honest', submits: 'paced'};
const RAMP = {rampPart: 0.2, rampSecMax: 20} as const;

export const PROFILES: readonly Profile[] = [
  {name: 'steady', doc: 'honest miners only', behaviours: [{...HONEST, part: 1}], ...RAMP},
  {
    name: 'mixed', doc: 'mostly honest; some send duplicates, stale and malformed shares, some reconnect, some read slowly', ...RAMP,
    behaviours: [
      {...HONEST, part: 0.9},
      {name: 'faulty', part: 0.06, submits: 'paced', faults: {'duplicate': 0.08, 'stale': 0.08, 'low-difficulty': 0.04, 'unknown-job': 0.04, 'malformed': 0.04, 'bad-version': 0.02, 'bad-ntime': 0.04, 'unauthorised': 0.02}},
      {name: 'restless', part: 0.03, submits: 'paced', reconnectMeanSec: 20},
      {name: 'slow reader', part: 0.01, submits: 'paced', reads: 'slowly'},
    ],
  },
  {name: 'ramp', doc: 'honest miners that arrive over the whole run', behaviours: [{...HONEST, part: 1}], rampPart: 1, rampSecMax: Infinity},
  {name: 'storm', doc: 'every 15 s all connections are cut and come back within a second', behaviours: [{...HONEST, part: 1}], ...RAMP, storms: {everySec: 15, withinSec: 1}},
  {
    name: 'slow-readers', doc: 'a tenth reads slowly, a tenth never again once it is authorised', ...RAMP,
    behaviours: [{...HONEST, part: 0.8}, {name: 'slow reader', part: 0.1, submits: 'paced', reads: 'slowly'}, {name: 'deaf', part: 0.1, submits: 'paced', reads: 'not-at-all', isHostile: true}],
  },
  {
    name: 'hostile', doc: 'half of the miners send bad shares and lines that are no JSON', ...RAMP,
    behaviours: [
      {...HONEST, part: 0.5},
      {name: 'duplicator', part: 0.1, submits: 'paced', faults: {duplicate: 0.9}, isHostile: true},
      {name: 'forger', part: 0.2, submits: 'paced', faults: {'unknown-job': 0.2, 'low-difficulty': 0.3, 'malformed': 0.2, 'bad-version': 0.1, 'bad-ntime': 0.1, 'unauthorised': 0.1}, isHostile: true},
      {name: 'babbler', part: 0.1, submits: 'paced', faults: {garbage: 0.5}, isHostile: true},
      {name: 'restless', part: 0.1, submits: 'paced', reconnectMeanSec: 3, isHostile: true},
    ],
  },
  {
    name: 'slow-loris', doc: 'five of six connections send a byte of a greeting now and then; the others are honest', ...RAMP,
    behaviours: [{...HONEST, part: 1 / 6}, {name: 'loris', part: 5 / 6, submits: 'never', dripsGreeting: true, isHostile: true}],
  },
  {name: 'idle', doc: 'connected and authorised, and nothing more', behaviours: [{name: 'idle', part: 1, submits: 'never'}], ...RAMP},
  {name: 'saturate', doc: 'each miner sends its next share when the last one is answered', behaviours: [{name: 'saturating', part: 1, submits: 'closed-loop'}], ...RAMP},
];

export function profileNamed(name: string): Profile | undefined {
  return PROFILES.find((profile) => profile.name === name);
}

/** @param rampSec - undefined leaves it as the profile has it. */
export function withRamp(profile: Profile, rampSec: number | undefined): Profile {
  return rampSec === undefined ? profile : {...profile, rampPart: 1, rampSecMax: rampSec};
}
