/** @module `pithead version`. */
import {readFileSync} from 'node:fs';
import type {Command} from './command.js';
import {print} from './print.js';

/** Of package.json, the only place that states it. */
export function readVersion(): string {
  const url = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as {version: string}).version;
}

export const versionCommand: Command = {
  name: 'version',
  summary: 'Prints the version of Pithead and of Node.',
  usage: '',
  flags: {},
  takesWords: false,
  run() {
    print(`pithead ${readVersion()} (Node ${process.version})`);
    return Promise.resolve(0);
  },
};
