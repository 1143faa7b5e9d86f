/**
 * @module What the terminal says once everything serves: where to point a miner, where the page is, where the data lies,
 * and how to stop.
 */
import {resolve} from 'node:path';
import {isAllInOne, type Config} from '../config.js';
import type {Endpoints} from '../roles/site.js';

export interface BannerFacts {
  readonly config: Config;
  readonly version: string;
  readonly endpoints: Endpoints;
}

export function banner({config, version, endpoints}: BannerFacts): string {
  const rows: [string, string][] = [];
  if (endpoints.http !== undefined) rows.push(['page', endpoints.http]);
  if (endpoints.stratum !== undefined) {
    const url = `stratum+tcp://${endpoints.stratum}`;
    rows.push(['miners', `${url}  user: ADDRESS.rig1  password: x`]);
    rows.push(['', `minerd -a sha256d -o ${url} -u ADDRESS.rig1 -p x`]);
    rows.push(['', 'ADDRESS is an address of this chain: `npx pithead keygen` makes one']);
  }
  if (endpoints.rpc !== undefined) rows.push(['JSON-RPC', `${endpoints.rpc}  try: npx pithead rpc${dataFlag(config)} getblockchaininfo`]);
  rows.push(['data', resolve(config.dataDir)]);
  rows.push(['stop', 'Ctrl-C; a second one stops without waiting for miners']);
  const lines = rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}`);
  const what = isAllInOne(config) ? `an all-in-one ${config.chain}` : `${config.roles.join(', ')} on ${config.chain}`;
  return ['', `Pithead ${version}: ${what}`, '', ...lines, ''].join('\n');
}

function dataFlag(config: Config): string {
  return config.dataDir === './pithead-data' ? '' : ` --data ${config.dataDir}`;
}
