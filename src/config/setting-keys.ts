/**
 * @module The schema as a list: one entry per setting with its dotted key, environment variable, type and default.
 * What text means for a setting (`--set`, environment) is decided here, by the setting's type.
 */
import type {z} from 'zod';
import {configSchema} from './schema.js';

export type SettingKind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'mixed';

export interface Setting {
  /** Dotted: `stratum.port`. */
  readonly key: string;
  /** `PITHEAD_STRATUM_PORT`. */
  readonly environmentName: string;
  readonly kind: SettingKind;
  /** Of a `choice` or of the items of a `list`. */
  readonly choices: readonly string[];
  readonly doc: string;
  /** Undefined when the value follows from other settings. */
  readonly preset: unknown;
}

export interface Section {
  /** Empty for the settings at the top. */
  readonly name: string;
  readonly doc: string;
  readonly settings: readonly Setting[];
}

/** The part of zod's definitions that is read here. */
interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly element?: Schema;
  readonly defaultValue?: unknown;
  readonly entries?: Readonly<Record<string, string>>;
}
type Schema = z.ZodType & {readonly def: Definition; readonly shape?: Readonly<Record<string, Schema>>};

const KINDS: Readonly<Record<string, SettingKind>> = {
  string: 'text', number: 'number', int: 'number', boolean: 'boolean', literal: 'boolean', enum: 'choice', array: 'list',
};

export const SECTIONS: readonly Section[] = readSections();
export const SETTINGS: readonly Setting[] = SECTIONS.flatMap((section) => section.settings);
const BY_KEY = new Map(SETTINGS.map((setting) => [setting.key, setting]));

export function settingOf(key: string): Setting | undefined {
  return BY_KEY.get(key);
}

/** What a text stands for. A text that fits no form of the type is left as it is: the schema then says what is wrong. */
export function valueOfText(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      if (/^(true|yes|on|1)$/i.test(text)) return true;
      if (/^(false|no|off|0)$/i.test(text)) return false;
      return text;
    case 'list':
      return text.trim().startsWith('[') ? jsonOr(text) : text.split(',').map((item) => item.trim()).filter((item) => item !== '');
    case 'mixed':
      return /^[[{]/.test(text.trim()) ? jsonOr(text) : text;
    case 'text':
    case 'choice':
      return text;
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // The schema names the setting and what it takes.
  }
}

function readSections(): Section[] {
  const top: Setting[] = [];
  const sections: Section[] = [];
  for (const [name, schema] of Object.entries(configSchema.shape) as [string, Schema][]) {
    if (unwrap(schema).def.type === 'object') sections.push(...readSection(name, schema));
    else top.push(readSetting(name, schema));
  }
  return [{name: '', doc: '', settings: top}, ...sections];
}

/** A section, and behind it those within: `stratum`, `stratum.tls`. */
function readSection(name: string, schema: Schema): Section[] {
  const settings: Setting[] = [];
  const within: Section[] = [];
  for (const [key, leaf] of Object.entries(unwrap(schema).shape ?? {})) {
    if (unwrap(leaf).def.type === 'object') within.push(...readSection(`${name}.${key}`, leaf));
    else settings.push(readSetting(`${name}.${key}`, leaf));
  }
  return [{name, doc: unwrap(schema).description ?? '', settings}, ...within];
}

function readSetting(key: string, schema: Schema): Setting {
  const leaf = unwrap(schema);
  const choicesOf = leaf.def.type === 'array' && leaf.def.element ? leaf.def.element : leaf;
  return {
    key,
    environmentName: `PITHEAD_${key.replace(/([a-z])([A-Z])/g, '$1_$2').replaceAll('.', '_').toUpperCase()}`,
    kind: KINDS[leaf.def.type] ?? 'mixed',
    choices: Object.values(choicesOf.def.entries ?? {}),
    doc: schema.description ?? '',
    preset: schema.def.type === 'default' ? schema.def.defaultValue : undefined,
  };
}

function unwrap(schema: Schema): Schema {
  let inner = schema;
  while (inner.def.innerType !== undefined) inner = inner.def.innerType;
  return inner;
}
