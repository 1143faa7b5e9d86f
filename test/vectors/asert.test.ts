/** The runs of the aserti3-2d specification: every target, to the bit. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {asertTarget} from '../../src/protocol/consensus/pow/asert.js';
import {compactToTarget, targetToCompact} from '../../src/protocol/consensus/pow/compact.js';
import {readSharedText} from '../support/shared-vectors.js';

const test = suite('vectors / asert');
const POW_LIMIT = compactToTarget(0x1d00ffff)!;

for (const name of ['run01', 'run02', 'run03', 'run04', 'run05', 'run06']) {
  test(`every block of ${name}`, () => {
    const text = readSharedText(`asert/${name}`);
    if (text === undefined) return;
    const header = (label: string): string => new RegExp(`${label}:\\s*(\\S+)`).exec(text)![1]!;
    const anchorHeight = Number(header('anchor height'));
    const anchorParentTime = BigInt(header('anchor (?:ancestor|parent) time'));
    const anchorTarget = compactToTarget(Number(header('anchor nBits')))!;
    let checked = 0;
    for (const line of text.split('\n')) {
      const row = /^\s*\d+\s+(\d+)\s+(-?\d+)\s+(0x[0-9a-f]+)\s*$/.exec(line);
      if (row === null) continue;
      const target = asertTarget({
        anchorTarget, spacingSec: 600, halfLifeSec: 172_800, powLimit: POW_LIMIT,
        timeDeltaSec: Number(BigInt(row[2]!) - anchorParentTime), heightDelta: Number(row[1]) - anchorHeight,
      });
      assert.is(targetToCompact(target), Number(row[3]), `${name}: ${line}`);
      checked += 1;
    }
    assert.is(checked, Number(header('iterations')));
  });
}

test.run();
