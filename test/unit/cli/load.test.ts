// Proves that `pithead load` refuses what makes no sense before it opens a connection, and that its default addresses are
// addresses.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readFlags, UsageError} from '../../../src/cli/command.js';
import {defaultAccounts, loadCommand} from '../../../src/cli/load.js';
import {decodeAddress} from '../../../src/protocol/address/address.js';
import {REGTEST} from '../../../src/protocol/chain/presets.js';

async function refusal(...words: string[]): Promise<string> {
  try {
    const {words: rest, flags} = readFlags(loadCommand, words);
    await loadCommand.run(rest, flags);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'it ran';
}

const load = suite('cli / load');

load('bad usage is said, each with what would be right', async () => {
  assert.match(await refusal('--miners', '3'), /--pool needs HOST:PORT/);
  assert.match(await refusal('--pool', 'here', '--miners', '3'), /--pool needs HOST:PORT/);
  assert.match(await refusal('--pool', 'here:0', '--miners', '3'), /--pool needs HOST:PORT/);
  assert.match(await refusal('--pool', 'here:1'), /--miners is a whole number/);
  assert.match(await refusal('--pool', 'here:1', '--miners', '0'), /--miners is a whole number/);
  assert.match(await refusal('--pool', 'here:1', '--miners', '1', '--profile', 'nice'), /--profile is one of steady, mixed/);
  assert.match(await refusal('--pool', 'here:1', '--miners', '1', '--duration', '-1'), /--duration is a number above 0/);
  assert.match(await refusal('--pool', 'here:1', '--miners', '1', '--threads', '0'), /--threads is a whole number/);
});

load('the default accounts are eight addresses of the private chains, all different', () => {
  const accounts = defaultAccounts();
  assert.is(new Set(accounts).size, 8);
  for (const account of accounts) assert.ok(decodeAddress(account, REGTEST.address).ok, account);
});

load.run();
