// Proves where a setting's value comes from, that every mistake is named with its remedy, and that what `pithead init`
// writes and docs/configuration.md says are the schema itself.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ConfigError, ROLE_NAMES, configTemplate, configurationPage} from '../../../src/config.js';
import {isAllInOne, loadConfig, type ConfigSources} from '../../../src/config/load-config.js';
import {SETTINGS} from '../../../src/config/setting-keys.js';
import {PROJECT_ROOT} from '../../support/source-tree.js';

function load(sources: Partial<ConfigSources>): ReturnType<typeof loadConfig> {
  return loadConfig({environment: {}, sets: [], flags: {}, ...sources});
}

function problemsOf(sources: Partial<ConfigSources>): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    assert.instance(error, ConfigError);
    return (error as ConfigError).problems;
  }
  throw new Error('it was accepted');
}

const folder = mkdtempSync(join(tmpdir(), 'pithead-config-'));
function file(text: string): string {
  const path = join(folder, 'pithead.toml');
  writeFileSync(path, text);
  return path;
}

const config = suite('config / load-config');
config.after(() => rmSync(folder, {recursive: true}));

config('the defaults are the published contract', () => {
  const loaded = load({});
  assert.equal([loaded.stratum.host, loaded.stratum.port], ['127.0.0.1', 3333]);
  assert.equal([loaded.http.host, loaded.http.port], ['127.0.0.1', 8420]);
  assert.equal([loaded.rpc.host, loaded.rpc.port], ['127.0.0.1', 8432]);
  assert.equal([loaded.p2p.port, loaded.p2p.enabled, loaded.electrum.port], [8440, false, 50_001]);
  assert.is(loaded.dataDir, './pithead-data');
  assert.is(loaded.chain, 'devnet');
  assert.is(loaded.demoMiner.enabled, true);
  assert.is(loaded.pool.payoutScheme, 'PPLNS');
  assert.ok(isAllInOne(loaded));
});

config('a flag wins over --set, that over the environment, that over the file, that over the default', () => {
  const path = file('[stratum]\nport = 1\n[http]\nport = 2\n[rpc]\nport = 3\n[p2p]\nport = 4\n');
  const loaded = load({
    file: path,
    environment: {PITHEAD_STRATUM_PORT: '10', PITHEAD_HTTP_PORT: '20', PITHEAD_RPC_PORT: '30', HOME: '/root'},
    sets: ['stratum.port=100', 'http.port=200'],
    flags: {'stratum.port': 1000},
  });
  assert.equal([loaded.stratum.port, loaded.http.port, loaded.rpc.port, loaded.p2p.port, loaded.electrum.port], [1000, 200, 30, 4, 50_001]);
});

config('text becomes the type of its setting', () => {
  const loaded = load({sets: ['roles=full, solo-pool', 'demoMiner.enabled=yes', 'pool.minDifficulty=1e-6', 'http.allowedHosts=["pool.example"]', 'pool.coinbaseTag=12']});
  assert.equal(loaded.roles, ['full', 'solo-pool']);
  assert.is(loaded.demoMiner.enabled, true);
  assert.is(loaded.pool.minDifficulty, 1e-6);
  assert.equal(loaded.http.allowedHosts, ['pool.example']);
  assert.is(loaded.pool.coinbaseTag, '12');
  assert.is(loaded.pool.payoutScheme, 'SOLO', 'follows from the role');
});

config('nothing of the config can be changed', () => {
  const loaded = load({}) as unknown as {rpc: {port: number}; roles: string[]};
  assert.throws(() => {
    loaded.rpc.port = 1;
  }, TypeError);
  assert.throws(() => loaded.roles.push('full'), TypeError);
});

config('a mistyped key is answered with the nearest one, wherever it came from', () => {
  assert.match(problemsOf({sets: ['stratum.prt=1']})[0]!, /did you mean stratum\.port\?/);
  assert.match(problemsOf({environment: {PITHEAD_RPC_PROT: '1'}})[0]!, /did you mean PITHEAD_RPC_PORT\?/);
  const path = file('[pool]\npayoutAdress = "x"\n');
  assert.match(problemsOf({file: path})[0]!, /pithead\.toml.*pool\.payoutAdress; did you mean pool\.payoutAddress\?/);
});

config('a bad value names its origin, its bound and its choices', () => {
  assert.match(problemsOf({environment: {PITHEAD_HTTP_PORT: '65536'}})[0]!, /PITHEAD_HTTP_PORT: http\.port: .*65535/);
  assert.ok(load({environment: {PITHEAD_HTTP_PORT: '65535'}}));
  assert.match(problemsOf({sets: ['roles=pool']})[0]!, /choose from full, mining-pool/);
  assert.match(problemsOf({sets: ['rpc.port']})[0]!, /key=value/);
  assert.match(problemsOf({sets: ['p2p.enabled=true']})[0]!, /no peer-to-peer network/);
});

config('values that do not go together are refused together', () => {
  assert.match(problemsOf({sets: ['roles=mining-pool,solo-pool']})[0]!, /choose one/);
  assert.match(problemsOf({sets: ['rpc.user=alice']})[0]!, /both/);
  assert.ok(load({sets: ['rpc.user=alice', 'rpc.password=x']}));
  assert.match(problemsOf({sets: ['pool.payoutAddress=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4']})[0]!, /no address of devnet.*keygen/);
  assert.ok(load({sets: ['pool.payoutAddress=bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080']}));
  assert.is(problemsOf({sets: ['rpc.user=alice', 'pool.minDifficulty=4', 'pool.maxDifficulty=2']}).length, 2);
});

config('a pool with nodes elsewhere runs alone, and each node has one way to be asked', () => {
  const upstream = (...nodes: object[]): string => `pool.upstream=${JSON.stringify(nodes)}`;
  const cookie = {rpcUrl: 'http://127.0.0.1:8332', rpcCookieFile: '/c'};
  const password = {rpcUrl: 'http://127.0.0.1:8333', rpcUser: 'u', rpcPassword: 'p', zmqBlock: 'tcp://127.0.0.1:28332'};
  const pool = 'roles=mining-pool';
  assert.equal(load({sets: [pool, upstream(cookie, password)]}).pool.upstream, [cookie, password]);
  assert.match(problemsOf({sets: [upstream(cookie)]})[0]!, /leave out full, explorer/);
  assert.match(problemsOf({sets: [pool, upstream({...password, rpcPassword: undefined})]})[0]!, /upstream\[0\]: set both/);
  assert.match(problemsOf({sets: [pool, upstream({rpcUrl: 'http://127.0.0.1:8332'})]})[0]!, /set either/);
  assert.match(problemsOf({sets: [pool, upstream({...cookie, ...password})]})[0]!, /set either/);
  assert.match(problemsOf({sets: [pool, upstream(cookie, {...cookie, rpcCookieFile: '/d'})]})[0]!, /stands there twice/);
  assert.match(problemsOf({sets: [pool, upstream({...cookie, rpcUrl: 'ftp://127.0.0.1:1'})]})[0]!, /http or https/);
  assert.match(problemsOf({sets: [pool, upstream({...cookie, zmqBlock: '127.0.0.1:1'})]})[0]!, /zmqpubhashblock/);
});

config('a chain without rules here needs nodes elsewhere, and real money an address', () => {
  const cookie = 'pool.upstream=[{"rpcUrl":"http://127.0.0.1:8332","rpcCookieFile":"/c"}]';
  assert.match(problemsOf({sets: ['chain=testnet4']})[0]!, /needs nodes elsewhere/);
  assert.ok(load({sets: ['chain=testnet4', 'roles=solo-pool', cookie]}));
  assert.match(problemsOf({sets: ['chain=main', 'roles=solo-pool', cookie]})[0]!, /payoutAddress/);
  assert.ok(load({sets: ['chain=main', 'roles=solo-pool', cookie, 'pool.payoutAddress=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4']}));
});

config('what init writes for a pool with nodes elsewhere loads', () => {
  for (const [role, chain, hasUpstream] of [['mining-pool', 'testnet', false], ['solo-pool', 'regtest', true]] as const) {
    const loaded = load({file: file(configTemplate(role, chain, hasUpstream))});
    assert.equal([loaded.chain, loaded.roles, loaded.pool.upstream.length], [chain, [role], 2]);
  }
});

config('a file that is absent or is no TOML is named with its line', () => {
  assert.match(problemsOf({file: join(folder, 'none.toml')})[0]!, /ENOENT.*pithead init/);
  assert.match(problemsOf({file: file('chain = "devnet"\nroles = [')})[0]!, /line 2/);
});

config('what init writes loads, and means the defaults', () => {
  for (const role of ['all-in-one', ...ROLE_NAMES] as const) {
    const commented = configTemplate(role, 'regtest');
    const loaded = load({file: file(commented)});
    assert.is(loaded.chain, 'regtest');
    assert.equal(loaded.stratum, load({}).stratum);
    // Every commented setting is right as it stands: remove the # and it still loads.
    const live = load({file: file(commented.replace(/^#(?=[a-zA-Z]+ = )/gm, ''))});
    assert.equal({...live, pool: 0, demoMiner: 0}, {...loaded, pool: 0, demoMiner: 0});
  }
});

config('docs/configuration.md says what the schema says', () => {
  assert.is(readFileSync(`${PROJECT_ROOT}docs/configuration.md`, 'utf8'), configurationPage(), 'run scripts/write-configuration-page.mjs');
});

config('every setting says what it is for, and environment names are unique', () => {
  assert.equal(SETTINGS.filter((setting) => setting.doc.length < 10).map((setting) => setting.key), []);
  assert.is(new Set(SETTINGS.map((setting) => setting.environmentName)).size, SETTINGS.length);
});

config.run();
