/**
 * @module JSON-RPC of this process: the cookie, the server and how both end.
 */
import {randomBytes} from 'node:crypto';
import {renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createRpcServer, type RpcServer} from '../http/rpc/rpc-server.js';
import {assert} from '../protocol/verdict.js';
import type {NodeParts} from './node-parts.js';
import type {Site} from './site.js';
import {listening} from './start-error.js';

const COOKIE_FILE = '.cookie';
/** Bitcoin Core's name for the cookie's user: other tools look for it. */
const COOKIE_USER = '__cookie__';

export interface RpcPart {
  /** Where it listens, as a URL. */
  readonly endpoint: string;
  readonly server: RpcServer;
}

export async function startRpc(site: Site, node: NodeParts, requestStop: (reason: string) => void): Promise<RpcPart> {
  const {config, rules: spec, system, shutdown, log, version} = site;
  assert(spec !== undefined, 'JSON-RPC serves a node of this process');
  const cookie = writeCookie(config.dataDir);
  shutdown.add('close-storage', 'rpc cookie', () => rmSync(cookie.file, {force: true}));
  const credentials = [cookie.credential];
  if (config.rpc.user !== '') credentials.push(`${config.rpc.user}:${config.rpc.password}`);
  const {maxBodyBytes, maxBatch, maxInFlight} = config.rpc;
  const server = createRpcServer({credentials, maxBodyBytes, maxBatch, maxInFlight},
    {spec, ...node, clock: system.clock, version, requestStop}, log.child({part: 'rpc'}));
  const {host, port} = await listening('JSON-RPC', {...config.rpc, key: 'rpc.port'}, () => server.listen(config.rpc.host, config.rpc.port));
  shutdown.add('stop-accepting', 'rpc', () => server.close());
  return {endpoint: `http://${host}:${port}`, server};
}

/** A fresh secret at each start, readable by this user only. */
function writeCookie(dataDir: string): {readonly file: string; readonly credential: string} {
  const file = join(dataDir, COOKIE_FILE);
  const credential = `${COOKIE_USER}:${randomBytes(32).toString('hex')}`;
  writeFileSync(`${file}.new`, credential, {mode: 0o600});
  renameSync(`${file}.new`, file);
  return {file, credential};
}
