// Proves what only the actor around the session machine decides: what an unanswered question to the share log means for
// the share. The session runs under the simulator; its share is really mined.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {AccountingMessage} from '../../../../src/actors/accounting/messages.js';
import type {JobFactoryMessage} from '../../../../src/actors/job-factory/messages.js';
import type {MiningPoolMessage} from '../../../../src/actors/mining-pool/messages.js';
import {DEFAULT_CONNECTION_LIMITS, stratumSessionActor} from '../../../../src/actors/stratum-session/actor.js';
import {sha256d} from '../../../../src/protocol/bytes/sha256.js';
import {shareDifficulty} from '../../../../src/protocol/stratum/difficulty.js';
import {DEFAULT_SESSION_LIMITS} from '../../../../src/protocol/stratum/session-types.js';
import {shareHeader} from '../../../../src/protocol/stratum/share-header.js';
import type {ActorSpec, Message} from '../../../../src/runtime/actor.js';
import {createSimulation} from '../../../../src/runtime/sim/simulation.js';
import {aJob, aTemplate} from '../../../support/mining-fixtures.js';
import {solve} from '../../../support/stratum-machine.js';

function answering<M extends Message>(kind: string, capacity: number, answer: (message: M) => unknown): ActorSpec<M> {
  return {
    protocol: {kind, mailbox: {capacity, policy: 'refuse'}},
    create: () => ({
      receive(message, ctx) {
        const reply = answer(message);
        if (reply !== undefined) ctx.reply(reply);
      },
    }),
  };
}

const session = suite('actors / stratum-session / actor');

session('a share log that does not answer in time: the share is refused, and sent again it is a duplicate', async () => {
  const sim = createSimulation({seed: 1});
  const job = aJob({number: 1, template: aTemplate({bits: 0x1d00ffff, target: 0xffffn << 208n})});
  let sent = '';
  let isAnswering = false;
  const ref = sim.system.spawn(stratumSessionActor({
    accounting: sim.system.spawn(answering<AccountingMessage>('accounting', 64, () => (isAnswering ? {ok: true, seq: 1} : undefined)), {name: 'accounting'}),
    jobFactory: sim.system.spawn(answering<JobFactoryMessage>('job-factory', 64, () => undefined), {name: 'job-factory'}),
    hasher: {hash: async (task) => {
      const header = shareHeader(task);
      return {ok: true, header, hash: sha256d(header)};
    }},
    session: {
      extranonce2Size: 8, versionMask: 0, limits: DEFAULT_SESSION_LIMITS, isJobPerAccount: false, nextJobKey: () => 99, serverName: 'test',
      vardiff: {targetIntervalMs: 10_000, startExponent: -22, exponentMin: -32, exponentMax: 60},
      decodeAccount: (text) => ({ok: true, account: text}),
    },
    limits: DEFAULT_CONNECTION_LIMITS,
  }, {
    id: 1, extranonce1: Uint8Array.of(0, 0, 0, 1), job,
    earlier: {claim: () => undefined, recallExponent: () => undefined, keep: () => undefined},
    connection: {remoteEndpoint: '127.0.0.1:1', send: (text) => void (sent += text), bufferedBytes: () => 0, pause: () => undefined, resume: () => undefined, close: () => undefined},
    miningPool: sim.system.spawn(answering<MiningPoolMessage>('mining-pool', 64, () => undefined), {name: 'mining-pool'}),
  }), {name: 'session'});
  const ask = async (id: number, method: string, params: readonly unknown[], waitMs: number): Promise<{result: unknown; error: [number] | null}> => {
    ref.tell({type: 'stratumSession.received', text: `${JSON.stringify({id, method, params})}\n`});
    await sim.advance(waitMs);
    return sent.trimEnd().split('\n').map((line) => JSON.parse(line) as {id: number; result: unknown; error: [number] | null}).find((line) => line.id === id)!;
  };
  await ask(1, 'mining.subscribe', [], 1);
  await ask(2, 'mining.authorize', ['alice.rig', 'x'], 1);
  const share = solve(job, {target: shareDifficulty(-22).target});
  assert.is((await ask(3, 'mining.submit', share, 121_000)).error?.[0], 20);
  isAnswering = true;
  assert.is((await ask(4, 'mining.submit', share, 1_000)).error?.[0], 22);
  assert.is((await ask(5, 'mining.submit', solve(job, {target: shareDifficulty(-22).target, extranonce2: 7}), 1_000)).result, true);
});

session.run();
