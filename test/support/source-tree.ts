/**
 * @module Reads the program's own source, for the tests that watch over its shape.
 */
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** The project folder, with a slash at its end. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface SourceFile {
  /** From the project folder, with slashes: `src/protocol/bytes/hex.ts`. */
  readonly path: string;
  readonly text: string;
}

/** All TypeScript files below a folder of the project. */
export function sourceFiles(folder: string): SourceFile[] {
  if (!existsSync(PROJECT_ROOT + folder)) return [];
  return readdirSync(PROJECT_ROOT + folder, {recursive: true, encoding: 'utf8'})
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
    .sort()
    .map((path) => ({path, text: readFileSync(PROJECT_ROOT + path, 'utf8')}));
}

/** The text with comments and string contents blanked, so that a search finds code only. Lines keep their numbers. */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1');
}
