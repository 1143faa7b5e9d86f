/** A fresh folder under the system's temporary one, removed by `dispose`. */
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  dispose(): void;
}

export function aTemporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'pithead-test-'));
  return {path, dispose: () => rmSync(path, {recursive: true, force: true})};
}
