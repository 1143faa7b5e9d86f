'use strict';
// The native LevelDB binding is not needed: the tests run bcoin with `memory: true`.
module.exports = function leveldown() {
  throw new Error('leveldown is replaced in this fixture; start bcoin with memory: true');
};
