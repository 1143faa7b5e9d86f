// Proves when a group commit waits for company: only after a large one, only while few wait, never longer than that took.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {CommitPace} from '../../../../src/actors/accounting/commit-pace.js';

function afterWrite(shareCount: number, tookMs: number): CommitPace {
  const pace = new CommitPace();
  pace.started(100);
  pace.finished(shareCount, 100 + tookMs);
  return pace;
}

const pace = suite('actors / accounting / commit-pace');

pace('the first write waits for nobody', () => {
  assert.is(new CommitPace().waitMs(1), 0);
});

pace('after a large write fewer than half as many wait, as long as that took', () => {
  assert.is(afterWrite(900, 7).waitMs(449), 7);
  assert.is(afterWrite(900, 7).waitMs(450), 0);
});

pace('a write that took very long is no measure', () => {
  assert.is(afterWrite(900, 500).waitMs(1), 20);
});

pace('few miners never wait for each other', () => {
  assert.is(afterWrite(255, 7).waitMs(1), 0);
  assert.is(afterWrite(256, 7).waitMs(1), 7);
});

pace.run();
