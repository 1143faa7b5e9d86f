/** @module `pithead init`: writes a commented config file for a role. Never overwrites one without being told to. */
import {writeFileSync} from 'node:fs';
import {COIN_NAMES} from '../protocol/chain/coins.js';
import {ROLE_NAMES, configTemplate, type RoleName} from '../config.js';
import {UsageError, type Command} from './command.js';
import {complain, print} from './print.js';

export const initCommand: Command = {
  name: 'init',
  summary: 'Writes a commented config file: every setting of the role, at its default.',
  usage: '[--role ROLE] [--chain CHAIN] [--upstream] [--out FILE] [--force]',
  flags: {
    role: {kind: 'text', value: 'ROLE', doc: `all-in-one (default), ${ROLE_NAMES.join(', ')}`, choices: ['all-in-one', ...ROLE_NAMES]},
    chain: {kind: 'text', value: 'CHAIN', doc: `${COIN_NAMES.join(', ')}; devnet is the default`, choices: [...COIN_NAMES]},
    out: {kind: 'text', value: 'FILE', doc: 'where to write; - is the terminal. Default ./pithead.toml'},
    upstream: {kind: 'switch', doc: 'a pool whose nodes are elsewhere: Bitcoin Core, BTQ Core, bcoin, another Pithead'},
    force: {kind: 'switch', doc: 'overwrite an existing file'},
  },
  takesWords: false,
  run(_words, flags) {
    const text = configTemplate((flags.text('role') ?? 'all-in-one') as RoleName | 'all-in-one', flags.text('chain') ?? 'devnet', flags.has('upstream'));
    const out = flags.text('out') ?? './pithead.toml';
    if (out === '-') {
      print(text);
      return Promise.resolve(0);
    }
    try {
      writeFileSync(out, text, {flag: flags.has('force') ? 'w' : 'wx'});
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw new UsageError(`init: ${out} exists; --force overwrites it, --out writes elsewhere`);
      complain(`pithead init: ${out} cannot be written (${code ?? String(error)})`);
      return Promise.resolve(1);
    }
    print(`Wrote ${out}. Start it with: pithead start --config ${out}`);
    return Promise.resolve(0);
  },
};
