/**
 * @module The alerts of a pool: their actor, the webhooks of the config, and the disk that they watch.
 */
import {statfs} from 'node:fs/promises';
import type {AccountingMessage} from '../actors/accounting/messages.js';
import {alertsActor} from '../actors/alerts/actor.js';
import type {AlertsMessage} from '../actors/alerts/messages.js';
import {createWebhookSender} from '../net/webhook-sender.js';
import type {ActorRef} from '../runtime/actor.js';
import {stopsIn, type Site} from './site.js';

export function startAlerts(site: Site, accounting: ActorRef<AccountingMessage>): ActorRef<AlertsMessage> {
  const {alerts: {webhooks, source, maxPerMinute, noSharesSec, rejectRatio, templateStaleSec, diskFreeBytesMin}, dataDir} = site.config;
  const alerts = site.system.spawn(alertsActor({
    destinations: webhooks,
    perMinute: maxPerMinute,
    noSharesMs: noSharesSec * 1000,
    rejectRatio,
    templateStaleMs: templateStaleSec * 1000,
    diskFreeBytesMin,
    accounting,
    sender: createWebhookSender(`${source} (${site.spec.name})`),
    disk: {
      freeBytes: async () => {
        const {bavail, bsize} = await statfs(dataDir);
        return bavail * bsize;
      },
    },
  }), {name: 'alerts'});
  stopsIn(site, 'drain-shares', alerts);
  return alerts as unknown as ActorRef<AlertsMessage>;
}
