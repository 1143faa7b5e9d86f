// Proves that imports point only where the design lets them: resolves every import of src/ to its room and compares it
// with the table. A room that is new, or an import that is not allowed, fails with the line to change.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {posix} from 'node:path';
import {sourceFiles, withoutComments} from '../support/source-tree.js';

/** Rooms that each room may import, and the packages. `node:` stands for Node's own modules. */
const ALLOWED: Readonly<Record<string, {readonly rooms: readonly string[]; readonly packages: readonly RegExp[]}>> = {
  protocol: {rooms: [], packages: [/^@noble\//, /^@scure\/(base|bip32|bip39|btc-signer)(\/|$)/]},
  runtime: {rooms: [], packages: [/^node:/, /^comlink/, /^piscina$/, /^pino$/]},
  workers: {rooms: ['protocol', 'runtime/threads'], packages: [/^node:/, /^@noble\//, /^secp256k1$/, /^tiny-secp256k1$/, /^piscina$/]},
  actors: {rooms: ['protocol', 'runtime', 'workers/tasks'], packages: []},
  storage: {rooms: ['protocol', 'runtime', 'actors/*/messages', 'actors/*/ports'], packages: [/^node:/, /^lmdb$/]},
  net: {rooms: ['protocol', 'runtime', 'actors/*/messages', 'actors/*/ports'], packages: [/^node:/]},
  http: {rooms: ['protocol', 'runtime', 'actors/*/messages', 'actors/*/ports', 'workers/tasks', 'web/overview', 'web/api'], packages: [/^node:/, /^fastify/, /^@fastify\//, /^ws$/, /^zod$/, /^prom-client$/]},
  web: {rooms: [], packages: []},
  // A client of any pool: it knows the public rules and nothing of ours, so that its books cannot agree by sharing a mistake.
  load: {rooms: ['protocol', 'runtime/clock', 'runtime/seeded-random'], packages: [/^node:/, /^comlink/]},
  config: {rooms: ['protocol'], packages: [/^node:/, /^zod$/, /^smol-toml$/]},
};
/** These compose, so they may import everything. */
const COMPOSERS = new Set(['roles', 'cli', 'main']);

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s+['"]([^'"]+)['"]/g;

function roomOf(path: string): string {
  return path.replace(/^src\//, '').split('/')[0]!.replace(/\.ts$/, '');
}

function matchesRoom(target: string, pattern: string): boolean {
  const wanted = pattern.split('/');
  const parts = target.replace(/^src\//, '').replace(/\.ts$/, '').split('/');
  return wanted.every((part, index) => part === '*' || part === parts[index]);
}

/** Why this import is not allowed, or undefined. */
function violation(path: string, specifier: string): string | undefined {
  const room = roomOf(path);
  const rule = ALLOWED[room];
  if (rule === undefined) return `the room src/${room} is not in the table of test/arch/layering.test.ts`;
  if (!specifier.startsWith('.')) {
    return rule.packages.some((pattern) => pattern.test(specifier)) ? undefined : `${room} may not import ${specifier}`;
  }
  const target = posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, '.ts');
  if (roomOf(target) !== room) {
    return rule.rooms.some((pattern) => matchesRoom(target, pattern)) ? undefined : `${room} may not import ${target}`;
  }
  // Within src/actors each folder is a room of its own: of another actor only its messages are public.
  const [, , actor] = path.split('/');
  const [, , otherActor, otherFile] = target.split('/');
  if (room === 'actors' && actor !== otherActor && otherFile !== 'messages.ts') {
    return `the actor ${actor} may import only messages.ts of ${otherActor}`;
  }
  return undefined;
}

function importsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

const layering = suite('arch / layering');

layering('every import of src points where the table allows', () => {
  const violations = sourceFiles('src')
    .filter((file) => !COMPOSERS.has(roomOf(file.path)) && !file.path.startsWith('src/web/browser/'))
    .flatMap((file) => importsOf(file.text).map((specifier) => ({file, why: violation(file.path, specifier)})))
    .filter(({why}) => why !== undefined)
    .map(({file, why}) => `${file.path}: ${why}`);
  assert.equal(violations, []);
});

layering('nobody in src imports tests, benchmarks or scripts', () => {
  const offenders = sourceFiles('src').filter((file) => importsOf(file.text).some((specifier) => /(^|\/)(test|native-bench|scripts)\//.test(specifier)));
  assert.equal(offenders.map((file) => file.path), []);
});

layering('the table refuses what it should', () => {
  assert.ok(violation('src/protocol/bytes/hex.ts', 'node:fs'));
  assert.ok(violation('src/runtime/system.ts', '../protocol/verdict.js'));
  assert.ok(violation('src/actors/chain/actor.ts', '../mempool/behaviour.js'));
  assert.ok(violation('src/http/server.ts', '../storage/chain-store.js'));
  assert.ok(violation('src/load/miner-session.ts', '../actors/stratum-session/messages.js'));
  assert.not.ok(violation('src/actors/chain/actor.ts', '../mempool/messages.js'));
  assert.not.ok(violation('src/storage/chain-store.ts', '../actors/chain/ports.js'));
});

layering.run();
