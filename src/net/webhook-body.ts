/**
 * @module An alert as webhooks take it: Discord's embeds, and plain JSON for everything else.
 * Discord: https://discord.com/developers/docs/resources/webhook (limits of an embed: title 256, description 4,096,
 * 25 fields of 256 and 1,024 characters).
 */
import type {Alert} from '../actors/alerts/messages.js';

const COLOURS: Readonly<Record<Alert['severity'], number>> = {critical: 0xd6402b, warning: 0xe0a32e, info: 0x5a7fb8, good: 0x3f9d5a};
const COLOUR_RESOLVED = 0x3f9d5a;
const TITLE_CHARS_MAX = 256;
const TEXT_CHARS_MAX = 4_096;
const FIELDS_MAX = 25;
const FIELD_NAME_CHARS_MAX = 256;
const FIELD_VALUE_CHARS_MAX = 1_024;

export function webhookBody(alert: Alert, format: 'discord' | 'json', source: string): string {
  return format === 'discord' ? discordBody(alert, source) : jsonBody(alert, source);
}

function discordBody({state, severity, title, text, facts, atMs}: Alert, source: string): string {
  return JSON.stringify({
    username: 'Pithead',
    // No name that a miner chose may ring everybody's phone.
    allowed_mentions: {parse: []},
    embeds: [{
      title: cut(title, TITLE_CHARS_MAX),
      description: cut(text, TEXT_CHARS_MAX),
      color: state === 'resolved' ? COLOUR_RESOLVED : COLOURS[severity],
      fields: Object.entries(facts).slice(0, FIELDS_MAX).map(([name, value]) => ({name: cut(name, FIELD_NAME_CHARS_MAX), value: cut(value === '' ? '–' : value, FIELD_VALUE_CHARS_MAX), inline: value.length < 40})),
      footer: {text: source},
      timestamp: isoTime(atMs),
    }],
  });
}

function jsonBody(alert: Alert, source: string): string {
  return JSON.stringify({source, ...alert});
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}

/** ISO 8601 of a given moment. */
function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
