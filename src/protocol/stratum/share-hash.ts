/**
 * @module The hash of a share, with what its job and session have in common kept from one share to the next: the merkle
 * root while the extranonces stay, and the first half of the header while the version stays too. Decides nothing.
 *
 * With the root known a share costs two compressions of SHA-256 and one array, about 0.7 us; a new root costs three more
 * for each step of the branch and some for the coinbase, about 18 us in a full block (Node 20.20, EPYC).
 */
import {sha256dHeader, sha256Midstate} from '../bytes/sha256.js';
import type {Sha256Midstate} from '../bytes/sha256.js';
import {merkleRootOfBranch} from '../mining/merkle-branch.js';
import {encodeHeader} from '../primitives/block-codec.js';
import type {Hash256} from '../primitives/transaction.js';
import type {ShareJob, ShareToHash} from './share.js';
import {shareCoinbaseTxid} from './share-header.js';

/** Header bytes that one block of SHA-256 takes: up to the last four of the merkle root. */
const FIRST_BLOCK = 64;

/** Useful for one job in one session; right for any share. */
export class ShareHashMemo {
  private job: ShareJob | undefined;
  private extranonce1: Uint8Array | undefined;
  private extranonce2: Uint8Array | undefined;
  private root: Hash256 | undefined;
  private version = 0;
  private midstate: Sha256Midstate | undefined;
  /** Last word of the root, as SHA-256 reads it. */
  private rootTail = 0;

  /** By identity: the session gives the same array while its miner sends the same digits. */
  knowsRootOf(share: ShareToHash): boolean {
    return share.extranonce2 === this.extranonce2 && share.extranonce1 === this.extranonce1 && share.job === this.job;
  }

  hash(share: ShareToHash): Hash256 {
    if (!this.knowsRootOf(share)) {
      this.root = merkleRootOfBranch(shareCoinbaseTxid(share), share.job.branch);
      this.job = share.job;
      this.extranonce1 = share.extranonce1;
      this.extranonce2 = share.extranonce2;
      this.midstate = undefined;
    }
    if (this.midstate === undefined || share.version !== this.version) this.takeHead(share, this.root!);
    return sha256dHeader({midstate: this.midstate!, rootTail: this.rootTail, bits: share.job.bits}, share.timeSec, share.nonce);
  }

  private takeHead({version, job}: ShareToHash, merkleRoot: Hash256): void {
    const header = encodeHeader({version, previousHash: job.previousHash, merkleRoot, timeSec: 0, bits: 0, nonce: 0});
    this.version = version;
    this.midstate = sha256Midstate(header.subarray(0, FIRST_BLOCK));
    this.rootTail = (merkleRoot[28]! << 24) | (merkleRoot[29]! << 16) | (merkleRoot[30]! << 8) | merkleRoot[31]!;
  }
}
