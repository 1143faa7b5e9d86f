// Builds everything that runs: TypeScript to dist/, and the browser bundle where src/web has one.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {cp, mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync} from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
if (!existsSync(tsc)) {
  console.error('The compiler is not installed. Run `npm ci` in the project folder first.');
  process.exit(1);
}
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], {cwd: root, stdio: 'inherit'});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

const webEntry = `${root}src/web/browser`;
if (existsSync(`${webEntry}/main.tsx`)) {
  const checked = spawnSync(process.execPath, [tsc, '-p', 'src/web/browser/tsconfig.json'], {cwd: root, stdio: 'inherit'});
  if (checked.status !== 0) process.exit(checked.status ?? 1);
  const {build} = await import('esbuild');
  await mkdir(`${root}dist/web`, {recursive: true});
  await build({
    entryPoints: [`${webEntry}/main.tsx`],
    bundle: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    outdir: `${root}dist/web`,
    logLevel: 'warning',
  });
  await cp(`${root}src/web/static`, `${root}dist/web`, {recursive: true});
  // Once here instead of with each visit: the server sends these to browsers that take them.
  for (const name of await readdir(`${root}dist/web`)) {
    if (/\.(js|css|svg|html)$/.test(name)) await writeFile(`${root}dist/web/${name}.br`, brotliCompressSync(await readFile(`${root}dist/web/${name}`)));
  }
}
