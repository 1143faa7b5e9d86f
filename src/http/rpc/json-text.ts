/**
 * @module JSON text with exact numbers. `JSON.stringify` knows no bigint and would print 50 coins as 50: amounts are
 * written from satoshis, digit by digit, with eight decimals, and never pass through a float.
 */

/** Text that is JSON already: a number in its exact digits, or a part that was rendered before. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What the RPC answers with. `undefined` members of an object are left out. */
export type JsonValue = null | boolean | number | string | bigint | JsonText | readonly JsonValue[] | {readonly [name: string]: JsonValue | undefined};

const SATS_PER_COIN = 100_000_000n;

/** Satoshis as coins with eight decimals: `50.00000000`. */
export function amountJson(sats: bigint): JsonText {
  return new JsonText(coinsText(sats));
}

export function coinsText(sats: bigint): string {
  const magnitude = sats < 0n ? -sats : sats;
  return `${sats < 0n ? '-' : ''}${magnitude / SATS_PER_COIN}.${(magnitude % SATS_PER_COIN).toString().padStart(8, '0')}`;
}

/** A decimal number in coins, exactly. @returns undefined when it is none, or finer than a satoshi. */
export function satsOfCoins(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, decimals = '', exponent = '0'] = match;
  const shift = 8 + Number(exponent) - decimals.length;
  let digits = BigInt(`${whole}${decimals}`);
  if (shift >= 0) digits *= 10n ** BigInt(shift);
  else {
    const divisor = 10n ** BigInt(-shift);
    if (digits % divisor !== 0n) return undefined;
    digits /= divisor;
  }
  return sign === '-' ? -digits : digits;
}

export function renderJson(value: JsonValue): string {
  if (value instanceof JsonText) return value.text;
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(renderJson).join(',')}]`;
  let text = '';
  for (const [name, member] of Object.entries(value as {readonly [name: string]: JsonValue | undefined})) {
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${renderJson(member)}`;
  }
  return `{${text}}`;
}
