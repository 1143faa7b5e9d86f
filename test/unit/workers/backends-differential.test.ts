// Proves that every backend that is installed here answers as noble does: random valid signatures, single turned bits,
// values at the borders of the fields, and keys of unusual form; and that a backend that lies is not used.
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {ed25519} from '@noble/curves/ed25519.js';
import {secp256k1} from '@noble/curves/secp256k1.js';
import {sha512} from '@noble/hashes/sha2.js';
import type {SignatureCheck, SignatureScheme} from '../../../src/protocol/script/signature-check.js';
import {loadBackend} from '../../../src/workers/backends/accelerated.js';
import type {SignatureBackend} from '../../../src/workers/backends/backend.js';
import {SIGNATURE_BACKEND_NAMES} from '../../../src/workers/backends/backend.js';
import {nobleSignatures} from '../../../src/workers/backends/noble.js';
import {chooseAmong, describeSignatureFlavour} from '../../../src/workers/backends/select.js';
import {findHashDisagreement, judgeSignature, signedCheck} from '../../../src/workers/backends/self-check.js';
import {handTunedSha256d} from '../../../src/workers/backends/sha256d.js';
import {bytesOfHex, seededBytes} from './compliance.js';

const SCHEMES: readonly SignatureScheme[] = ['ecdsa', 'schnorr', 'ed25519'];
const SEED = 20_261_121;
const CASES_PER_SCHEME = 120;
const BORDERS = ['00'.repeat(32), `${'00'.repeat(31)}01`, 'ff'.repeat(32),
  'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
  '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1',
  'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f', 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e',
  'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'].map(bytesOfHex);

function mutate(check: SignatureCheck, index: number): SignatureCheck {
  const [a, b, c] = seededBytes(3, SEED + index);
  const turned = (bytes: Uint8Array) => bytes.map((byte, at) => (at === a! % bytes.length ? byte ^ (1 << (b! % 8)) : byte));
  const border = BORDERS[c! % BORDERS.length]!;
  switch (index % 7) {
    case 0: case 1: return check;
    case 2: return {...check, signature: turned(check.signature)};
    case 3: return {...check, publicKey: turned(check.publicKey)};
    case 4: return {...check, message: turned(check.message)};
    case 5: return {...check, signature: check.signature.map((byte, at) => (at >> 5 === b! % 2 ? border[at % 32]! : byte))};
    default: return {...check, publicKey: check.publicKey.map((byte, at) => (at >= check.publicKey.length - 32 ? border[at - check.publicKey.length + 32]! : byte))};
  }
}

const differential = suite('workers / backends');
const loaded = (await Promise.all(SIGNATURE_BACKEND_NAMES.map(loadBackend))).filter((backend) => backend !== undefined);

for (const scheme of SCHEMES) {
  differential(`${scheme}: every backend agrees with noble on ${CASES_PER_SCHEME} signatures, whole and broken`, () => {
    const rivals = loaded.filter((backend) => backend.schemes[scheme] !== undefined && backend.name !== 'noble');
    let valid = 0;
    for (let index = 0; index < CASES_PER_SCHEME; index += 1) {
      const check = mutate(signedCheck(scheme, seededBytes(32, SEED + index), seededBytes(32, SEED - index)), index);
      const expected = judgeSignature(nobleSignatures.schemes[scheme], check);
      valid += Number(expected);
      for (const rival of rivals) assert.is(judgeSignature(rival.schemes[scheme]!, check), expected, `${rival.name}, seed ${SEED}, case ${index}`);
    }
    assert.ok(valid >= CASES_PER_SCHEME / 4 && valid < CASES_PER_SCHEME / 2, `${valid} valid`);
    process.stdout.write(`note: ${scheme}: ${rivals.map((rival) => rival.name).join(', ') || 'no other backend here'} against noble, ${CASES_PER_SCHEME} cases, seed ${SEED}\n`);
  });
}

differential('ed25519: a key with a small-order part is judged without the cofactor, by all alike', () => {
  // A' = A + T with T of order 8; R = rB. Then [s]B - [k]A' = R - [k]T: equal to R only if 8 divides k, yet equal to it
  // times the cofactor always. An implementation with the cofactor accepts each of these.
  const {Point} = ed25519;
  const torsion = Point.fromBytes(bytesOfHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'));
  const readLe = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const secret = 123456789n;
  const publicKey = Point.BASE.multiply(secret).add(torsion).toBytes();
  const rBytes = Point.BASE.multiply(987654321n).toBytes();
  let accepted = 0;
  for (let index = 0; index < 40; index += 1) {
    const message = seededBytes(32, index);
    const k = Point.Fn.create(readLe(sha512(Buffer.concat([rBytes, publicKey, message]))));
    const s = Point.Fn.create(987654321n + k * secret);
    const sBytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    const check: SignatureCheck = {scheme: 'ed25519', publicKey, message, signature: new Uint8Array(Buffer.concat([rBytes, sBytes]))};
    assert.ok(ed25519.verify(check.signature, message, publicKey, {zip215: false}), 'the cofactor hides the difference');
    for (const backend of loaded.filter(({schemes}) => schemes.ed25519)) {
      assert.is(judgeSignature(backend.schemes.ed25519!, check), k % 8n === 0n, `${backend.name}, message ${index}`);
    }
    accepted += Number(k % 8n === 0n);
  }
  assert.ok(accepted > 0 && accepted < 20);
});

differential('ecdsa: a hybrid key counts when its parity is right, as in consensus before BIP 62 rules', () => {
  const check = signedCheck('ecdsa', seededBytes(32, 4), seededBytes(32, 5));
  const key = secp256k1.getPublicKey(seededBytes(32, 4), false);
  const withPrefix = (prefix: number) => ({...check, publicKey: Uint8Array.of(prefix, ...key.subarray(1))});
  const parity = key[64]! & 1;
  for (const backend of loaded.filter(({schemes}) => schemes.ecdsa)) {
    assert.is(judgeSignature(backend.schemes.ecdsa!, withPrefix(6 + parity)), true, backend.name);
    assert.is(judgeSignature(backend.schemes.ecdsa!, withPrefix(7 - parity)), false, backend.name);
  }
});

differential('a backend that says yes to everything, or throws, or mixes up bytes is not used', () => {
  const liar: SignatureBackend = {name: 'tiny-secp256k1', schemes: {ecdsa: () => true, schnorr: () => { throw new Error('broken'); }}};
  const {flavour, rejected, verify} = chooseAmong([liar, nobleSignatures]);
  assert.equal(describeSignatureFlavour(flavour), ['ecdsa noble', 'schnorr noble', 'ed25519 noble']);
  assert.is(rejected.length, 2);
  assert.is(verify.ecdsa, nobleSignatures.schemes.ecdsa);
});

differential('sha256d: the hand-tuned one agrees with noble at every block boundary, a broken one does not', () => {
  assert.is(findHashDisagreement(handTunedSha256d), undefined);
  assert.ok(findHashDisagreement({name: 'broken', sha256d: (bytes) => handTunedSha256d.sha256d(bytes.subarray(0, 100))}));
});

differential.run();
