/**
 * @module The Stratum side of the pool: what all sessions have in common, the front desk with its lists, and the ports that
 * miners connect to, plain and with TLS.
 */
import type {ActorRef} from '../runtime/actor.js';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import type {JobFactoryMessage} from '../actors/job-factory/messages.js';
import {miningPoolActor} from '../actors/mining-pool/actor.js';
import type {DrainMiningPool, MiningPoolMessage} from '../actors/mining-pool/messages.js';
import {DEFAULT_CONNECTION_LIMITS, stratumSessionActor, type StratumSessionOptions} from '../actors/stratum-session/actor.js';
import type {PoolMeters} from '../http/http-parts.js';
import {startStratumServer} from '../net/stratum-server.js';
import {openTlsGate, type TlsGate} from '../net/tls-gate.js';
import {decodeAddress, encodeAddress} from '../protocol/address/address.js';
import {parseIpNetwork, type IpNetwork} from '../protocol/endpoint/ip-network.js';
import {DIFFICULTY_EXPONENT_MIN, exponentAtMost} from '../protocol/stratum/difficulty.js';
import {DEFAULT_SESSION_LIMITS} from '../protocol/stratum/session-types.js';
import {createExtranonceCounterStore} from '../storage/accounting-store.js';
import {createBanStore} from '../storage/ban-store.js';
import type {Database} from '../storage/open-database.js';
import type {Site} from './site.js';
import {listening, StartError} from './start-error.js';

/**
 * Extranonce1 then extranonce2. Eight bytes of the second suit every client that we know of: cgminer takes 2 to 16, rented
 * hashrate asks for 4 to 8, a proxy divides them among its machines.
 */
export const EXTRANONCE1_SIZE = 4;
export const EXTRANONCE2_SIZE = 8;
const RECONNECT_WAIT_SEC = 5;
/** Connections over the limit are still taken, told so, and closed. */
const CONNECTIONS_SPARE = 256;

export interface SessionActors {
  readonly accounting: ActorRef<AccountingMessage>;
  readonly jobFactory: ActorRef<JobFactoryMessage>;
  readonly meters: PoolMeters;
}

export interface StratumEndpoints {
  /** `host:port`. */
  readonly stratum: string;
  readonly stratumTls?: string;
}

/** What all sessions have in common. */
export function sessionOptions(site: Site, {meters, ...actors}: SessionActors, nextJobKey: () => number): StratumSessionOptions {
  const {pool, stratum} = site.config;
  return {
    ...actors,
    hasher: site.threads.shares,
    limits: DEFAULT_CONNECTION_LIMITS,
    submitLatency: meters.submitLatency,
    session: {
      extranonce2Size: EXTRANONCE2_SIZE,
      versionMask: Number.parseInt(stratum.versionMask, 16),
      limits: {
        ...DEFAULT_SESSION_LIMITS, staleGraceMs: pool.staleGraceMs, retransmitWindowMs: stratum.retransmitWindowMs, idleTimeoutMs: stratum.idleTimeoutSec * 1_000,
      },
      isJobPerAccount: pool.payoutScheme === 'SOLO',
      vardiff: {
        targetIntervalMs: pool.shareIntervalSec * 1_000,
        startExponent: exponentOf(pool.startDifficulty),
        exponentMin: exponentOf(pool.minDifficulty),
        exponentMax: exponentOf(pool.maxDifficulty),
      },
      decodeAccount: (text) => accountOf(site, text),
      nextJobKey,
      serverName: `Pithead/${site.version}`,
    },
  };
}

/** Difficulties are announced as powers of two: the one at or below. */
function exponentOf(difficulty: number): number {
  return exponentAtMost(difficulty) ?? DIFFICULTY_EXPONENT_MIN;
}

/** Two spellings of one address are one account: it is named as this chain writes it. */
export function accountOf({spec}: Site, text: string): {readonly ok: true; readonly account: string} | {readonly ok: false} {
  const decoded = decodeAddress(text, spec.address);
  const account = decoded.ok ? encodeAddress(decoded.value.scriptPubKey, spec.address) : undefined;
  return account === undefined ? {ok: false} : {ok: true, account};
}

export function startFrontDesk(site: Site, {sessions, meters}: {readonly sessions: StratumSessionOptions; readonly meters: PoolMeters}, database: Database): ActorRef<MiningPoolMessage> {
  const {config, system, shutdown} = site;
  const miningPool = system.spawn(miningPoolActor({
    jobFactory: sessions.jobFactory,
    extranonceCounter: createExtranonceCounterStore(database),
    instancePrefix: new Uint8Array(0),
    extranonce1Size: EXTRANONCE1_SIZE,
    sessionsMax: config.stratum.maxSessions,
    sessionsPerAddressMax: config.stratum.maxSessionsPerAddress,
    admission: {
      allow: networksOf(config.stratum.allow),
      deny: networksOf(config.stratum.deny),
      bans: {durationMs: config.stratum.banSec * 1_000, offencesMax: config.stratum.banAfterOffences},
    },
    bans: createBanStore(database),
    broadcastLatency: meters.broadcastLatency,
    session: (facts, spawn) => spawn(stratumSessionActor(sessions, facts)),
  }), {name: 'mining-pool'}) as unknown as ActorRef<MiningPoolMessage>;
  shutdown.add('end-sessions', 'stratum sessions', async () => {
    await system.ask<MiningPoolMessage, DrainMiningPool>(miningPool, {
      type: 'miningPool.drain', text: 'The pool is restarting.', reconnectWaitSec: RECONNECT_WAIT_SEC, timeoutMs: config.shutdown.deadlineMs * 0.25,
    }, {timeoutMs: config.shutdown.deadlineMs * 0.3});
  });
  return miningPool;
}

/** The schema has checked each. */
function networksOf(texts: readonly string[]): IpNetwork[] {
  return texts.flatMap((text) => parseIpNetwork(text) ?? []);
}

/** One series of connection ids for all ports: they name sessions. */
export async function openPorts(site: Site, miningPool: ActorRef<MiningPoolMessage>): Promise<StratumEndpoints> {
  const {config, shutdown} = site;
  const {host, port, maxSessions, tls} = config.stratum;
  let lastId = 0;
  const common = {
    host, miningPool, connectionsMax: maxSessions + CONNECTIONS_SPARE, trustedProxies: networksOf(config.stratum.trustedProxies), nextConnectionId: () => (lastId += 1),
  };
  const open = async (name: string, at: {readonly port: number; readonly key: string}, gate?: TlsGate): Promise<string> => {
    const server = await listening(`The ${name}`, {host, ...at}, () => startStratumServer({...common, port: at.port, ...(gate && {tls: gate})}));
    shutdown.add('stop-accepting', name, () => server.stopAccepting());
    shutdown.add('drain-shares', `${name} connections`, () => server.close());
    return `${server.host}:${server.port}`;
  };
  const stratum = await open('Stratum server', {port, key: 'stratum.port'});
  if (tls.certFile === '') return {stratum};
  return {stratum, stratumTls: await open('Stratum server with TLS', {port: tls.port, key: 'stratum.tls.port'}, startTls(site))};
}

function startTls({config, log, shutdown}: Site): TlsGate {
  const {certFile, keyFile} = config.stratum.tls;
  let gate: TlsGate;
  try {
    gate = openTlsGate({certFile, keyFile, onReload: (error) => {
      if (error === undefined) log.info({code: 'tls-certificate-read'}, 'the certificate was read again; new connections use it');
      else log.error({code: 'tls-certificate-refused', err: error}, 'the new certificate cannot be used; the old one stays in force');
    }});
  } catch (error) {
    throw new StartError('tls-certificate-unusable', `stratum.tls.certFile ${certFile} and stratum.tls.keyFile ${keyFile} cannot be used: ${error instanceof Error ? error.message : String(error)}.`, {cause: error});
  }
  const reload = (): void => gate.reload();
  process.on('SIGHUP', reload);
  shutdown.add('stop-accepting', 'certificate files', () => {
    process.off('SIGHUP', reload);
    gate.close();
  });
  return gate;
}
