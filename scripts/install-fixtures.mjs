// Installs what only the tests need and npm must not build: bcoin, an independent Bitcoin node (see test/interop/bcoin).
// Skips itself when the installed tree already matches the lock file.
import {spawnSync} from 'node:child_process';
import {existsSync, statSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const folder = fileURLToPath(new URL('../test/interop/bcoin/', import.meta.url));
const installedLock = `${folder}node_modules/.package-lock.json`;
const isFresh = existsSync(installedLock) && statSync(installedLock).mtimeMs >= statSync(`${folder}package-lock.json`).mtimeMs;
if (!isFresh) {
  console.log('Installing the independent Bitcoin node that the tests compare with (once) ...');
  const installed = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {cwd: folder, stdio: 'inherit'});
  if (installed.status !== 0) {
    console.error('npm ci failed in test/interop/bcoin. The interoperability tests need it; check the network and run `npm test` again.');
    process.exit(1);
  }
}
