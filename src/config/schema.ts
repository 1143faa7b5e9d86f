/**
 * @module Every setting of Pithead: its key, type, bounds, default and meaning, in one schema.
 *
 * The config file, the environment, the flags, `pithead init` and docs/configuration.md are all read from here, so that
 * none of them can know a setting that the others do not. It decides what a value may be, not where it comes from.
 */
import {z} from 'zod';
import {PAYOUT_SCHEMES} from '../protocol/payout/schemes.js';
import {parseIpNetwork} from '../protocol/endpoint/ip-network.js';
import {COIN_NAMES} from '../protocol/chain/coins.js';

export const ROLE_NAMES = ['full', 'mining-pool', 'solo-pool', 'explorer', 'demo-miner'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/** What `pithead start` runs when nobody names a role: everything, on one private chain. */
export const ALL_IN_ONE_ROLES: readonly RoleName[] = ['full', 'mining-pool', 'explorer', 'demo-miner'];

const port = (preset: number, what: string) => z.int().min(0).max(65_535).default(preset)
  .describe(`TCP port of ${what}. 0 takes any free one; the ready file tells which.`);
const host = (what: string) => z.string().min(1).default('127.0.0.1')
  .describe(`Address that ${what} listens on. 127.0.0.1 serves this machine only.`);
/** An optional text: the empty string counts as absent, so that a generated file can show the key. */
const optionalText = (doc: string) => z.string().default('').describe(doc);

/** Lists of IP networks; what cannot be read in one way only is refused here, at the start. */
const networks = (preset: string[]) => z.array(z.string().refine((text) => parseIpNetwork(text) !== undefined, {error: 'not an IP address or network such as 10.0.0.0/8 or 2001:db8::/32'})).default(preset);

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least level that is logged.'),
  json: z.boolean().default(false).describe('One JSON object a line in place of text for people.'),
}).describe('The log.');

const stratumTls = z.strictObject({
  certFile: optionalText('PEM file of the certificate and its chain. Set with keyFile, miners can connect with TLS; read again when it changes and on SIGHUP.'),
  keyFile: optionalText('PEM file of the certificate\'s private key.'),
  port: port(3334, 'Stratum V1 over TLS'),
}).describe('Stratum V1 over TLS (stratum+ssl://), beside the plain port and on the same address.');

const stratum = z.strictObject({
  host: host('the Stratum server'),
  port: port(3333, 'Stratum V1'),
  maxSessions: z.int().min(1).max(100_000).default(10_000).describe('Most miners connected at one time; more are told so and closed.'),
  maxSessionsPerAddress: z.int().min(1).max(100_000).default(10_000).describe('Most miners connected from one IPv4 address, or from one IPv6 network of 64 bits.'),
  trustedProxies: networks([])
    .describe('Proxies (haproxy, nginx, Cloudflare Spectrum) whose connections begin with a PROXY header, version 1 or 2, that says who connected. Only these are believed, and they must send it.'),
  idleTimeoutSec: z.int().min(60).max(604_800).default(7_200).describe('A miner without an accepted share for so long is disconnected.'),
  retransmitWindowMs: z.int().min(0).max(60_000).default(0)
    .describe('Within it, the very same submit line again is answered with its first verdict and counted once, for miners that repeat themselves when an answer is late. 0 answers it as a duplicate.'),
  versionMask: z.string().regex(/^[0-9a-fA-F]{8}$/, {error: 'eight hexadecimal digits'}).default('1fffe000')
    .describe('Version bits that miners may roll, in hexadecimal. BIP 320 has 1fffe000.'),
  allow: networks(['127.0.0.0/8', '::1']).describe('Addresses and networks (10.0.0.0/8) that are never denied, banned or limited by address: they win over everything else.'),
  deny: networks([]).describe('Addresses and networks that are refused. ["0.0.0.0/0", "::/0"] leaves only those of stratum.allow.'),
  banSec: z.int().min(0).max(31_536_000).default(600)
    .describe('How long an address is banned for bad shares, malformed lines, floods or forged job ids; each further time within a day twice as long. 0 bans nobody.'),
  banAfterOffences: z.int().min(1).max(1_000).default(3)
    .describe('So many offences of one address within ten minutes ban it; one more for each of its miners that has had a share accepted.'),
  tls: stratumTls.prefault({}),
}).describe('The Stratum V1 server that miners connect to.');

const http = z.strictObject({
  host: host('the web page'),
  port: port(8420, 'the web page, API and metrics'),
  allowedHosts: z.array(z.string().min(1)).default([])
    .describe('Further names that a browser may call this server by. Loopback names and http.host always may: this defeats DNS rebinding.'),
  maxLiveClients: z.int().min(1).max(10_000).default(256).describe('Most pages that may hold a live connection at one time.'),
  requestsPerSec: z.number().min(0).max(100_000).default(10)
    .describe('Questions to the API per second from one address, over time; a burst may be ten times as many. 0: no limit. This machine itself is not limited.'),
  operatorToken: z.string().regex(/^([\x21-\x7e]{16,512})?$/, {error: 'at least 16 printable characters without spaces'}).default('')
    .describe('Secret of the operator\'s part of the page and the API. Empty: one is made in the data folder (operator-token).'),
}).describe('The web page, the API and the metrics.');

const rpc = z.strictObject({
  host: host('the JSON-RPC server'),
  port: port(8432, 'JSON-RPC'),
  user: optionalText('User name beside the cookie; needs rpc.password.'),
  password: optionalText('Password beside the cookie; needs rpc.user.'),
  maxBodyBytes: z.int().min(1_000).max(64_000_000).default(9_000_000)
    .describe('Longest request. A full block in hexadecimal is twice its size.'),
  maxBatch: z.int().min(1).max(10_000).default(200).describe('Most calls in one batch.'),
  maxInFlight: z.int().min(1).max(10_000).default(128).describe('Most requests worked on at one time; more are answered HTTP 503.'),
}).describe('JSON-RPC, with Bitcoin\'s method names. The cookie file .cookie in the data folder always works.');

const upstreamNode = z.strictObject({
  rpcUrl: z.url({protocol: /^https?$/, error: 'an http or https URL: http://127.0.0.1:8332'}),
  rpcUser: z.string().optional(),
  rpcPassword: z.string().optional(),
  rpcCookieFile: z.string().min(1).optional(),
  zmqBlock: z.string().regex(/^tcp:\/\/[^/]+:\d+$/, 'as in the node\'s zmqpubhashblock: tcp://127.0.0.1:28332').optional(),
});

const pool = z.strictObject({
  upstream: z.union([z.literal('local'), z.array(upstreamNode).min(1)]).default('local')
    .describe('The node that the pool mines on: "local" is the one in this process. Or a list of others in order, each {rpcUrl, rpcCookieFile or rpcUser and rpcPassword, zmqBlock}: the first healthy one gives the work, found blocks go to all.'),
  upstreamStaleSec: z.number().min(1).max(86_400).default(60)
    .describe('With other nodes: miners get no new jobs when no healthy node has confirmed the work for so many seconds.'),
  upstreamFailBackSec: z.number().min(0).max(86_400).default(30)
    .describe('With other nodes: one that failed gets the work back after so many healthy seconds; twice as many after each further failure.'),
  payoutScheme: z.enum(PAYOUT_SCHEMES).optional()
    .describe('SOLO pays the finder in the coinbase. PPLNS credits all who worked within pool.pplnsWindow, PROP all of the round. PPS pays each share its expected part of the subsidy and keeps the blocks: the operator bears the luck; PPS+ shares out the transaction fees as PPLNS besides. Absent: PPLNS for mining-pool, SOLO for solo-pool.'),
  payoutAddress: optionalText('Address that the coinbase pays under all schemes but SOLO, and the fee under SOLO. Empty: a key is made in the data folder (pool-wallet.json).'),
  startDifficulty: z.number().positive().default(2 ** -14)
    .describe('Share difficulty of a new session; rounded to a power of two and never above that of a block.'),
  minDifficulty: z.number().positive().default(2 ** -20).describe('Least share difficulty.'),
  maxDifficulty: z.number().positive().default(2 ** 40).describe('Greatest share difficulty.'),
  shareIntervalSec: z.number().min(0.1).max(600).default(5).describe('Seconds between two shares of one session that vardiff steers to.'),
  staleGraceMs: z.int().min(0).max(60_000).default(3_000).describe('A share for the block before is still credited this long after a new tip.'),
  feePpm: z.int().min(0).max(1_000_000).default(0).describe('Pool fee in parts per million of the reward: 10000 is one per cent.'),
  shareLogDays: z.number().min(0).max(36_500).default(7).describe('Shares stay on disk one by one for so many days at least, for proofs and the audit; then only their sums do.'),
  donationPpm: z.int().min(0).max(1_000_000).default(0).describe('Part of the reward that is given away, in parts per million, besides the fee.'),
  donationAddress: optionalText('Address that the donation is owed to and paid like a miner. Empty: it stays on the pool\'s donation account.'),
  pplnsWindow: z.number().min(0.1).max(100).default(2).describe('PPLNS window, as a multiple of the expected work of one block.'),
  coinbasePayout: z.boolean().default(false).describe('PPLNS: the coinbase itself pays the miners with the largest credits; the rest goes to the pool, which owes it as always.'),
  coinbaseOutputs: z.int().min(1).max(40).default(20).describe('Most miners that a coinbase pays. Each adds 31 to 43 bytes, and some firmware takes only small coinbases.'),
  coinbaseMinSats: z.int().min(1_000).max(1_000_000_000_000).default(100_000).describe('Least credit that a coinbase pays.'),
  coinbaseTag: z.string().max(40).regex(/^[\x20-\x7e]*$/).default('/Pithead/').describe('Text in the coinbase of found blocks. ASCII.'),
}).describe('The mining pool.');

const webhook = z.strictObject({
  url: z.url({protocol: /^https?$/}),
  format: z.enum(['discord', 'json']).default('discord'),
  minSeverity: z.enum(['good', 'info', 'warning', 'critical']).default('good'),
});

const alerts = z.strictObject({
  webhooks: z.array(webhook).max(16).default([])
    .describe('Where alerts go: a list of { url, format = "discord" or "json", minSeverity = "good", "info", "warning" or "critical" }. Good news is a found block.'),
  source: z.string().min(1).max(100).default('Pithead').describe('Name of this pool in its alerts.'),
  maxPerMinute: z.int().min(1).max(600).default(20).describe('Most messages to one webhook in a minute; more wait. Discord takes 30.'),
  noSharesSec: z.number().min(10).max(86_400).default(600).describe('Alert when no share came for so long, after there were some.'),
  rejectRatio: z.number().min(0.001).max(1).default(0.2).describe('Alert when this part of the shares of five minutes was rejected.'),
  templateStaleSec: z.number().min(10).max(86_400).default(180).describe('Alert when miners had no new job for so long.'),
  diskFreeBytesMin: z.number().min(0).default(2_000_000_000).describe('Alert when less is free on the disk of the data folder.'),
}).describe('What the operator is told, by webhook and in the log.');
const wallet = z.strictObject({
  file: optionalText('Wallet that the pool is paid to and pays from, made by `pithead wallet init`. Empty: none; rewards go to pool.payoutAddress, and nothing is paid out from here.'),
  passphraseFile: optionalText('File whose first line opens the wallet. Better than the setting below: the environment of a process can be read by its user.'),
  passphrase: optionalText('What opens the wallet, where there is no file for it.'),
  signer: z.enum(['folder', 'node']).default('folder')
    .describe('Who signs for a wallet without keys: whoever answers in wallet.psbtDir, or the wallet of the first node of pool.upstream (walletprocesspsbt).'),
  nodeWallet: optionalText('Name of that node\'s wallet. Empty: the one that it has loaded.'),
  psbtDir: optionalText('Folder through which the payouts of a wallet without keys go to its signer. Empty: psbt in the data folder.'),
}).describe('The pool\'s wallet.');

const payouts = z.strictObject({
  enabled: z.boolean().default(true).describe('Pays out what accounts are owed, where the pool has a wallet.'),
  thresholdSats: z.int().min(1_000).max(1_000_000_000_000).default(1_000_000).describe('Least balance that is paid, satoshis.'),
  intervalSec: z.int().min(1).max(31_536_000).default(3_600).describe('Seconds between two payouts.'),
  maxOutputs: z.int().min(1).max(3_000).default(500).describe('Most accounts that one transaction pays; the others wait for the next.'),
  feeFrom: z.enum(['miners', 'pool']).default('miners').describe('Who bears the network fee: miners, in proportion to what they are paid, or pool. A raised fee is always the pool\'s.'),
  confirmations: z.int().min(1).max(100).default(6).describe('Depth at which a payout counts as paid.'),
  minFeeRateSatsPerVb: z.number().min(0).max(100_000).default(1).describe('Least fee rate of a payout, satoshis per virtual byte, whatever the node says.'),
  maxFeeRateSatsPerVb: z.number().min(1).max(100_000).default(100).describe('Highest fee rate. Above it nothing is paid, and a stuck payout is raised no further.'),
  bumpAfterSec: z.int().min(60).max(31_536_000).default(3_600).describe('A payout that is in no block for so long is replaced by one with a higher fee (BIP 125).'),
}).describe('Payouts from the pool\'s wallet.');

const consolidation = z.strictObject({
  enabled: z.boolean().default(true).describe('Merges small coins of the wallet, where payouts are on.'),
  intervalSec: z.int().min(1).max(86_400).default(10).describe('Seconds between two looks.'),
  coinsAbove: z.int().min(2).max(1_000_000).default(100).describe('Coins that may be spent are merged only while there are more than this.'),
  maxInputs: z.int().min(2).max(1_400).default(200).describe('Most coins merged by one transaction.'),
  maxFeeRateSatsPerVb: z.number().min(0).max(100_000).default(2).describe('Nothing is merged while the fee rate is higher.'),
}).describe('Merging of the wallet\'s small coins, so that their number stays bounded and payouts stay cheap.');

const mempool = z.strictObject({
  maxBytes: z.int().min(100_000).max(4_000_000_000).default(64_000_000).describe('Serialised bytes of transactions that are held; the worst paying are evicted first.'),
  maxCount: z.int().min(10).max(10_000_000).default(50_000).describe('Most transactions held.'),
  minRelayFeeSatsPerKvb: z.int().min(0).max(100_000_000).default(1_000).describe('Least fee, satoshis per 1,000 virtual bytes.'),
}).describe('Transactions that wait for a block.');

const demoMiner = z.strictObject({
  enabled: z.boolean().optional().describe('Mines with a little of this machine\'s CPU, through Stratum. Absent: on when the role demo-miner runs.'),
  threads: z.int().min(1).max(64).default(1).describe('Threads of the demo miner.'),
  dutyPercent: z.int().min(1).max(100).default(25).describe('Part of each thread\'s time that is spent hashing.'),
}).describe('The demo miner: a Stratum client in this process, so that a devnet has blocks.');

const workers = z.strictObject({
  threads: z.int().min(0).max(64).default(1)
    .describe('Worker threads for signature checks and share hashing. 0 does that work on the main thread.'),
  shareHashing: z.enum(['auto', 'threads']).default('auto')
    .describe('"auto" hashes a share on the main thread where that costs less than its way to a worker thread and back; when the main thread is late, shares that need a new merkle root go to the threads. "threads" sends them all.'),
}).describe('Worker threads.');

const shutdown = z.strictObject({
  deadlineMs: z.int().min(1_000).max(600_000).default(20_000).describe('Longest that a clean stop may take, all phases together.'),
}).describe('How a stop is bounded.');

const p2p = z.strictObject({
  enabled: z.literal(false, {error: 'this version has no peer-to-peer network; leave p2p.enabled at false'}).default(false)
    .describe('Reserved: this version has no peer-to-peer network.'),
  host: host('the peer port'),
  port: port(8440, 'the peer-to-peer network (reserved, unused)'),
}).describe('Reserved: peer-to-peer, not in this version.');

const electrum = z.strictObject({
  host: host('the Electrum server'),
  port: port(50_001, 'the Electrum protocol (reserved, unused)'),
}).describe('Reserved: the Electrum protocol, not in this version.');

export const configSchema = z.strictObject({
  chain: z.enum(COIN_NAMES).default('devnet')
    .describe('devnet: ours, a block every ten seconds. regtest: Bitcoin\'s, bit for bit. The others need nodes elsewhere: main, testnet and testnet4 are Bitcoin\'s, btq and the like BTQ\'s.'),
  roles: z.array(z.enum(ROLE_NAMES)).min(1).default([...ALL_IN_ONE_ROLES])
    .describe(`What this process does: one or more of ${ROLE_NAMES.join(', ')}.`),
  dataDir: z.string().min(1).default('./pithead-data').describe('Folder of the chain, the shares, the cookie and the keys.'),
  readyFile: optionalText('Written, atomically, once all roles serve: JSON with pid and endpoints.'),
  log: log.prefault({}),
  stratum: stratum.prefault({}),
  http: http.prefault({}),
  rpc: rpc.prefault({}),
  pool: pool.prefault({}),
  alerts: alerts.prefault({}),
  wallet: wallet.prefault({}),
  payouts: payouts.prefault({}),
  consolidation: consolidation.prefault({}),
  mempool: mempool.prefault({}),
  demoMiner: demoMiner.prefault({}),
  workers: workers.prefault({}),
  shutdown: shutdown.prefault({}),
  p2p: p2p.prefault({}),
  electrum: electrum.prefault({}),
});

export type RawConfig = z.output<typeof configSchema>;
