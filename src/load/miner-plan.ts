/**
 * @module From what was asked for to one plan per miner: its dialect, hashrate, behaviour, account and moment of arrival.
 * Pure and drawn from the seed alone: the same words on the command line make the same crowd.
 */
import type {Random} from '../runtime/clock.js';
import {SeededRandom} from '../runtime/seeded-random.js';
import {DIALECT_MIX, type DialectName} from './dialects.js';
import type {Behaviour, Profile} from './profiles.js';

export interface MinerPlan {
  readonly index: number;
  /** `ADDRESS.name`, as it authorises and submits. */
  readonly userName: string;
  /** Whose books its shares are in. */
  readonly account: string;
  readonly dialect: DialectName;
  readonly behaviour: Behaviour;
  /** Simulated, hashes a second: how often shares come. What a share costs to find is real. */
  readonly hashrate: number;
  /** After the start of the run. */
  readonly connectAtMs: number;
  /** Local address to come from, where the pool is on this machine. */
  readonly sourceAddress: string | undefined;
  readonly seed: readonly [number, number, number, number];
}

export interface CrowdWish {
  readonly miners: number;
  readonly profile: Profile;
  readonly durationSec: number;
  readonly seed: number;
  /** Each miner mines for one of them. */
  readonly accounts: readonly string[];
  /** Mean of all miners. */
  readonly hashrateMean: number;
  readonly isLoopback: boolean;
}

/** Spread of hashrates, log-normal: two thirds of the miners are within a factor of two of the median. */
const HASHRATE_SIGMA = 0.7;
/** One local address has 28,000 ports to one endpoint on Linux; a storm leaves as many again waiting to be free. */
const MINERS_PER_SOURCE = 5_000;
/** Hostile behaviours come from 127.0.1.x and up, honest miners from 127.0.0.x. */
const HOSTILE_NET = 1;

export function planCrowd(wish: CrowdWish): readonly MinerPlan[] {
  const random = new SeededRandom([wish.seed >>> 0, Math.floor(wish.seed / 2 ** 32) >>> 0, 0x6c6f6164, wish.miners]);
  const rampMs = Math.min(wish.profile.rampSecMax, wish.profile.rampPart * wish.durationSec) * 1_000;
  const behaviours = dealOut(wish.profile.behaviours, wish.miners, random);
  // E[exp(sigma * n)] is exp(sigma^2 / 2): divided out, so that the mean is what was asked for.
  const median = wish.hashrateMean / Math.exp(HASHRATE_SIGMA ** 2 / 2);
  return behaviours.map((behaviour, index) => {
    const dialect = dialectAt(random.next());
    const account = wish.accounts[index % wish.accounts.length]!;
    return {
      index, account, dialect, behaviour,
      userName: `${account}.${dialect}-${index}`,
      hashrate: behaviour.submits === 'never' ? 0 : median * Math.exp(HASHRATE_SIGMA * normal(random)),
      connectAtMs: (rampMs * (index + random.next())) / wish.miners,
      sourceAddress: wish.isLoopback ? sourceAddress(wish, behaviour, index) : undefined,
      seed: [random.uint32(), random.uint32(), random.uint32(), index],
    };
  });
}

/** Exactly as many of each as its part says (the first takes the rounding), in random order. */
export function dealOut(behaviours: readonly Behaviour[], miners: number, random: Random): Behaviour[] {
  const dealt: Behaviour[] = [];
  for (const behaviour of behaviours.slice(1)) for (let i = Math.round(behaviour.part * miners); i > 0 && dealt.length < miners; i -= 1) dealt.push(behaviour);
  while (dealt.length < miners) dealt.push(behaviours[0]!);
  for (let i = dealt.length - 1; i > 0; i -= 1) {
    const other = random.below(i + 1);
    [dealt[i], dealt[other]] = [dealt[other]!, dealt[i]!];
  }
  return dealt;
}

function sourceAddress({profile}: CrowdWish, behaviour: Behaviour, index: number): string | undefined {
  const block = Math.floor(index / MINERS_PER_SOURCE);
  if (behaviour.isHostile !== true) return block === 0 ? undefined : `127.0.0.${block + 1}`;
  return `127.0.${HOSTILE_NET + profile.behaviours.indexOf(behaviour)}.${block + 1}`;
}

function dialectAt(drawn: number): DialectName {
  let rest = drawn;
  const mix = Object.entries(DIALECT_MIX) as [DialectName, number][];
  for (const [name, part] of mix) {
    rest -= part;
    if (rest < 0) return name;
  }
  return mix[0]![0];
}

/** Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
