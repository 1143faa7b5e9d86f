/**
 * @module The settings in force for the operator's page: by dotted key, with what must not be shown taken out. A key that
 * sounds like a secret is one, wherever it stands; an address with credentials in it loses them.
 */
const SECRET = /password|passphrase|secret|token|mnemonic|seed|privateKey|webhook|cookie/i;

export function publicSettings(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  walk(config, '', shown);
  return shown;
}

function walk(value: unknown, key: string, shown: Record<string, unknown>): void {
  if (SECRET.test(key.slice(key.lastIndexOf('.') + 1))) {
    shown[key] = isEmpty(value) ? '(empty)' : '(set)';
    return;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) shown[key] = value;
    for (const [name, inner] of entries) walk(inner, key === '' ? name : `${key}.${name}`, shown);
    return;
  }
  shown[key] = typeof value === 'string' ? withoutCredentials(value) : typeof value === 'bigint' ? value.toString() : value;
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/i, '$1(set)@');
}
