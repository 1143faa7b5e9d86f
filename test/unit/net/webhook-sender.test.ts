// Proves what leaves for a webhook, against a real HTTP server on loopback: Discord's shape within its limits, plain JSON,
// the receiver's wish to wait, a redirect that is not followed, and a receiver that never answers.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Alert} from '../../../src/actors/alerts/messages.js';
import {webhookBody} from '../../../src/net/webhook-body.js';
import {createWebhookSender} from '../../../src/net/webhook-sender.js';

const ALERT: Alert = {
  id: 4, kind: 'node-down', state: 'raised', severity: 'critical', title: 'Node core is down', text: 'connection refused', facts: {node: 'core', state: 'unreachable'}, atMs: 1_767_225_600_000,
};

interface Embed {
  readonly embeds: readonly {readonly title: string; readonly description: string; readonly color: number; readonly timestamp: string; readonly fields: readonly {readonly name: string; readonly value: string}[]}[];
  readonly allowed_mentions: unknown;
}

const webhooks = suite('net / webhook-sender');
let server: Server;
let base: string;
const bodies: {readonly path: string; readonly type: string; readonly body: string}[] = [];

webhooks.before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += String(chunk); });
    request.on('end', () => {
      bodies.push({path: request.url!, type: String(request.headers['content-type']), body});
      if (request.url === '/silent') return;
      if (request.url === '/busy') response.writeHead(429, {'retry-after': '1.5'}).end('{"retry_after":1.5}');
      else if (request.url === '/moved') response.writeHead(302, {location: '/elsewhere'}).end();
      else response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
webhooks.after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const sender = createWebhookSender('the pool (devnet)');

webhooks('Discord gets an embed coloured by severity, and may ring nobody', async () => {
  assert.equal(await sender.send({url: `${base}/discord`, format: 'discord'}, ALERT, 5_000), {status: 204});
  const {type, body} = bodies.at(-1)!;
  assert.is(type, 'application/json');
  const {embeds: [embed], allowed_mentions: mentions} = JSON.parse(body) as Embed;
  assert.equal([embed!.title, embed!.description, embed!.color, embed!.timestamp], ['Node core is down', 'connection refused', 0xd6402b, '2026-01-01T00:00:00.000Z']);
  assert.equal(embed!.fields.map(({name, value}) => [name, value]), [['node', 'core'], ['state', 'unreachable']]);
  assert.equal(mentions, {parse: []});
  const colours = (['good', 'info', 'warning', 'critical'] as const).map((severity) => (JSON.parse(webhookBody({...ALERT, severity}, 'discord', 'x')) as Embed).embeds[0]!.color);
  assert.is(new Set(colours).size, 4);
  assert.is.not((JSON.parse(webhookBody({...ALERT, state: 'resolved'}, 'discord', 'x')) as Embed).embeds[0]!.color, 0xd6402b, 'what is over is not red');
});

webhooks('texts and tables stay within Discord\'s limits', () => {
  const facts = Object.fromEntries(Array.from({length: 40}, (_, index) => [`n${index}`.repeat(200), 'v'.repeat(3_000)]));
  const {embeds: [embed]} = JSON.parse(webhookBody({...ALERT, title: 't'.repeat(500), text: 'x'.repeat(9_000), facts}, 'discord', 'x')) as Embed;
  assert.ok(embed!.title.length <= 256 && embed!.description.length <= 4_096 && embed!.fields.length <= 25);
  for (const {name, value} of embed!.fields) assert.ok(name.length <= 256 && value.length <= 1_024 && value.length > 0);
});

webhooks('others get the alert as it is, with its source', async () => {
  await sender.send({url: `${base}/json`, format: 'json'}, ALERT, 5_000);
  assert.equal(JSON.parse(bodies.at(-1)!.body), {source: 'the pool (devnet)', ...ALERT});
});

webhooks('the receiver may ask for a pause, and sends nobody elsewhere', async () => {
  assert.equal(await sender.send({url: `${base}/busy`, format: 'json'}, ALERT, 5_000), {status: 429, retryAfterMs: 1_500});
  assert.equal(await sender.send({url: `${base}/moved`, format: 'json'}, ALERT, 5_000), {status: 302});
  assert.not.ok(bodies.some(({path}) => path === '/elsewhere'));
});

webhooks('a receiver that never answers, and one that is not there, are failures within the time', async () => {
  await rejects(sender.send({url: `${base}/silent`, format: 'json'}, ALERT, 50));
  await rejects(sender.send({url: 'http://127.0.0.1:1/x', format: 'json'}, ALERT, 5_000));
});

async function rejects(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(() => 'resolved', () => 'rejected');
  assert.is(outcome, 'rejected');
}

webhooks.run();
