/**
 * @module The page, the API, the metrics and the health of this process, and when it counts as ready.
 */
import {publicSettings} from '../config.js';
import type {HttpModules} from '../http/http-parts.js';
import {startHttpServer} from '../http/http-server.js';
import {LoopDelayProbe} from '../runtime/loop-delay.js';
import {openOperatorAudit} from './operator-audit.js';
import {operatorToken} from './operator-token.js';
import type {PoolParts} from './pool-parts.js';
import type {Site} from './site.js';
import {listening} from './start-error.js';

export interface HttpPart {
  readonly endpoint: string;
  /** From now on `/health/ready` says yes. */
  becomeReady(): void;
}

/** What the page is told from. */
type HttpSources = Pick<HttpModules, 'chain' | 'mempool' | 'upstream' | 'rpc'> & {readonly pool: PoolParts | undefined};

export async function startHttp(site: Site, parts: HttpSources): Promise<HttpPart> {
  const {chain, mempool, upstream, pool, rpc} = parts;
  const {config, spec, system, shutdown, threads, log, version} = site;
  let isReady = false;
  const loopDelay = new LoopDelayProbe();
  loopDelay.start();
  shutdown.add('stop-threads', 'loop delay probe', () => loopDelay.stop());
  const server = await listening('The web page', {...config.http, key: 'http.port'}, () => startHttpServer({
    host: config.http.host,
    port: config.http.port,
    allowedHosts: config.http.allowedHosts,
    maxLiveClients: config.http.maxLiveClients,
    version,
    chainName: spec.name,
    targetSpacingSec: spec.targetSpacingSec,
    coinbaseMaturityBlocks: spec.coinbaseMaturityBlocks,
    requestsPerSec: config.http.requestsPerSec,
  }, {
    system,
    log: log.child({part: 'http'}),
    chain,
    mempool,
    ...(upstream && {upstream}),
    ...(pool && {pool}),
    operator: {
      token: operatorToken(config.dataDir, config.http.operatorToken),
      audit: openOperatorAudit(config.dataDir, () => system.clock.wallMs()),
      configView: () => publicSettings(config),
    },
    loopDelay,
    workerReports: () => threads.report(),
    ...(rpc && {rpc}),
    checks: () => [
      {name: 'roles', isOk: isReady, detail: isReady ? 'all roles serve' : 'still starting'},
      {name: 'stopping', isOk: !shutdown.isRunning, detail: shutdown.isRunning ? 'the process is stopping' : 'no'},
    ],
  }));
  shutdown.add('stop-accepting', 'http', () => server.close());
  return {
    endpoint: server.endpoint,
    becomeReady: () => {
      isReady = true;
    },
  };
}
