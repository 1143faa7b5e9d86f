/**
 * @module Every figure of `/metrics`: what it is called, its unit and what it means. Read from the same cached answers as
 * the page, so that a scraper costs the actors nothing that a viewer would not.
 */
import type {KindTotals} from './actor-totals.js';
import {ActorTotals} from './actor-totals.js';
import {askConnectionCounts, writeConnections} from './connection-metrics.js';
import {Exposition, type Labels, type MetricKind} from './exposition.js';
import {askPoolGauges, writeLatencies, writePoolGauges, writeShares} from './pool-gauges.js';
import type {RequestCounts} from './request-counts.js';
import type {HttpModules} from '../http-parts.js';
import type {LiveHub} from '../live-hub.js';
import type {OverviewSource} from '../overview-source.js';
import type {RuntimeView} from '../runtime-view.js';
import type {Overview, PoolOverview} from '../../web/overview.js';

export interface NodeMetricsParts {
  readonly modules: HttpModules;
  readonly source: OverviewSource;
  readonly runtime: RuntimeView;
  readonly requests: RequestCounts;
  readonly hub: LiveHub;
  readonly version: string;
}

export class NodeMetrics {
  readonly #parts: NodeMetricsParts;
  readonly #actorTotals = new ActorTotals();

  constructor(parts: NodeMetricsParts) {
    this.#parts = parts;
  }

  /** Never waits longer than the overview does; families whose part has not answered yet are left out. */
  async text(): Promise<string> {
    const {source, modules, version} = this.#parts;
    const [reading, connections, gauges] = await Promise.all([source.read(), askConnectionCounts(modules.pool), askPoolGauges(modules)]);
    const out = new Exposition();
    out.family('gauge', 'pithead_info', {help: 'Version of Pithead and of Node; always 1.', samples: [[{version, node: process.version}, 1]]});
    if (reading !== undefined) writeChain(out, reading.overview);
    if (reading?.overview.pool !== undefined) writePool(out, reading.overview.pool);
    if (reading?.overview.pool !== undefined) writeShares(out, reading.overview.pool);
    writePoolGauges(out, gauges);
    writeLatencies(out, modules);
    if (connections !== undefined) writeConnections(out, connections);
    writeLateParts(out, source);
    writeWorkers(out, modules);
    writeRpc(out, modules);
    writeRuntime(out, modules);
    writeActors(out, this.#actorTotals.look(this.#parts.runtime.snapshot().actors));
    this.#writeHttp(out);
    writeProcess(out);
    return out.text();
  }

  #writeHttp(out: Exposition): void {
    const {requests, hub} = this.#parts;
    const {open, opened, droppedSlow, droppedSilent, messagesSent} = hub.counts;
    out.family('counter', 'pithead_http_answers_total', {help: 'HTTP answers by route and status class.', samples: requests.samples('answers')});
    out.family('counter', 'pithead_http_answer_seconds_total', {help: 'Time from request to answer, summed.', samples: requests.samples('seconds')});
    out.value('gauge', 'pithead_http_live_clients', {help: 'Open live connections of the page.', value: open});
    out.value('counter', 'pithead_http_live_clients_opened_total', {help: 'Live connections that were opened.', value: opened});
    out.family('counter', 'pithead_http_live_clients_dropped_total', {
      help: 'Live connections ended because the other side did not read or was gone.',
      samples: [[{reason: 'slow'}, droppedSlow], [{reason: 'silent'}, droppedSilent]],
    });
    out.value('counter', 'pithead_http_live_messages_total', {help: 'Overviews sent over live connections.', value: messagesSent});
  }
}

function writeChain(out: Exposition, {chain, mempool}: Overview): void {
  const gauge = (name: string, help: string, value: number): void => out.value('gauge', name, {help, value});
  gauge('pithead_chain_height', 'Height of the active tip.', chain.height);
  gauge('pithead_chain_tip_timestamp_seconds', 'Header time of the tip, since the Unix epoch.', chain.timeSec);
  gauge('pithead_chain_difficulty', 'Difficulty of the tip.', chain.difficulty);
  gauge('pithead_chain_network_hashrate_hashes_per_second', 'What the last blocks stand for.', chain.networkHashrate);
  if (chain.coinCount !== undefined) gauge('pithead_chain_coins', 'Unspent outputs.', chain.coinCount);
  if (chain.totalSats !== undefined) gauge('pithead_chain_supply_satoshis', 'Sum of the unspent outputs; exact below 2^53.', Number(chain.totalSats));
  gauge('pithead_mempool_transactions', 'Transactions that wait.', mempool.count);
  gauge('pithead_mempool_virtual_bytes', 'Virtual size of what waits.', mempool.vsize);
  gauge('pithead_mempool_fees_satoshis', 'Fees of what waits.', Number(mempool.totalFeeSats));
  gauge('pithead_mempool_min_fee_satoshis_per_kvb', 'Least rate that enters now.', Number(mempool.minFeeSatsPerKvb));
}

function writePool(out: Exposition, pool: PoolOverview): void {
  out.family('gauge', 'pithead_pool_hashrate_hashes_per_second', {
    help: 'Estimated from accepted shares over a window.',
    samples: [[{window: '1m'}, pool.hashrate.last1m], [{window: '5m'}, pool.hashrate.last5m], [{window: '1h'}, pool.hashrate.last1h]],
  });
  out.family('gauge', 'pithead_pool_sessions', {
    help: 'Stratum sessions.', samples: [[{state: 'connected'}, pool.sessions.connected], [{state: 'authorised'}, pool.sessions.authorised]],
  });
  out.value('gauge', 'pithead_pool_sessions_max', {help: 'Most Stratum sessions.', value: pool.sessions.max});
  out.value('gauge', 'pithead_pool_accounts', {help: 'Accounts with an accepted share.', value: pool.accountCount});
  out.value('counter', 'pithead_pool_shares_accepted_total', {help: 'Shares in the log.', value: pool.sharesAccepted});
  out.family('counter', 'pithead_pool_shares_rejected_total', {
    help: 'Shares refused since the start, by reason.', samples: Object.entries(pool.sharesRejected).map(([reason, count]) => [{reason}, count] as const),
  });
  out.value('gauge', 'pithead_pool_blocks_found', {help: 'Found blocks, without those that the chain refused or left.', value: pool.blocksFound});
  out.value('gauge', 'pithead_pool_round_effort_ratio', {help: 'Work of the round over the expected work.', value: pool.roundEffort});
  out.value('gauge', 'pithead_pool_window_fill_ratio', {help: 'How full the PPLNS window is.', value: pool.windowFill});
}

function writeLateParts(out: Exposition, source: OverviewSource): void {
  out.family('gauge', 'pithead_overview_part_late', {
    help: '1 for each part whose last question is unanswered.', samples: source.lateParts().map((part) => [{part}, 1] as const),
  });
}

function writeWorkers(out: Exposition, {workerReports}: HttpModules): void {
  const reports = workerReports?.() ?? [];
  const family = (kind: MetricKind, name: string, about: {readonly help: string; readonly of: (report: (typeof reports)[number]) => number}): void =>
    out.family(kind, name, {help: about.help, samples: reports.map((report) => [{kernel: report.kernel}, about.of(report)] as const)});
  family('gauge', 'pithead_worker_threads', {help: 'Worker threads; 0 is in-thread.', of: (report) => report.threads});
  family('gauge', 'pithead_worker_queue_items', {help: 'Items that wait.', of: (report) => report.queued});
  family('gauge', 'pithead_worker_queue_capacity_items', {help: 'Most items that may wait.', of: (report) => report.queueCapacity});
  family('counter', 'pithead_worker_items_total', {help: 'Items done.', of: (report) => report.itemsDone});
  family('counter', 'pithead_worker_items_on_loop_total', {help: 'Of these, done on the main thread.', of: (report) => report.itemsOnLoop ?? 0});
  family('counter', 'pithead_worker_batches_total', {help: 'Batches done.', of: (report) => report.batchesDone});
  family('counter', 'pithead_worker_refused_total', {help: 'Items refused because the queue was full.', of: (report) => report.refused});
  family('gauge', 'pithead_worker_item_cost_seconds', {help: 'Measured cost of one item.', of: (report) => report.itemCostUs / 1e6});
}

function writeRpc(out: Exposition, {rpc}: HttpModules): void {
  if (rpc === undefined) return;
  const {requests, refused, unauthorised} = rpc.counters();
  out.value('gauge', 'pithead_rpc_requests_in_flight', {help: 'JSON-RPC requests worked on now, longpolls among them.', value: rpc.inFlight()});
  out.value('counter', 'pithead_rpc_requests_total', {help: 'JSON-RPC requests with good credentials.', value: requests});
  out.value('counter', 'pithead_rpc_refused_total', {help: 'JSON-RPC requests refused because too many were worked on.', value: refused});
  out.value('counter', 'pithead_rpc_unauthorised_total', {help: 'JSON-RPC requests with wrong credentials.', value: unauthorised});
}

function writeRuntime(out: Exposition, {system, loopDelay}: HttpModules): void {
  const stats = system.stats();
  out.value('gauge', 'pithead_actors', {help: 'Living actors.', value: stats.actorCount});
  out.value('counter', 'pithead_actors_started_total', {help: 'Actors that were started.', value: stats.actorsStarted});
  out.value('gauge', 'pithead_timers', {help: 'Armed timers.', value: stats.timersArmed});
  out.value('counter', 'pithead_scheduler_turns_total', {help: 'Turns of actors.', value: stats.turns});
  out.value('counter', 'pithead_scheduler_drains_total', {help: 'Drains of the ready queue.', value: stats.drains});
  out.value('counter', 'pithead_scheduler_busy_seconds_total', {help: 'Time that actors held the thread.', value: stats.busyMs / 1000});
  out.value('gauge', 'pithead_scheduler_longest_drain_seconds', {help: 'Longest drain so far.', value: stats.longestDrainMs / 1000});
  out.family('counter', 'pithead_dead_letters_total', {
    help: 'Messages that reached nobody, by reason.', samples: [...system.deadLetters.countsByReason()].map(([reason, count]) => [{reason}, count] as const),
  });
  if (loopDelay === undefined) return;
  const {p50Ms, p99Ms, maxMs} = loopDelay.read();
  out.family('gauge', 'pithead_event_loop_delay_seconds', {
    help: 'How late the event loop is, since the start of the probe.', samples: [[{quantile: '0.5'}, p50Ms / 1000], [{quantile: '0.99'}, p99Ms / 1000], [{quantile: '1'}, maxMs / 1000]],
  });
}

function writeActors(out: Exposition, byKind: ReadonlyMap<string, KindTotals>): void {
  const family = (kind: MetricKind, name: string, about: {readonly help: string; readonly of: (totals: KindTotals) => number}): void =>
    out.family(kind, name, {help: about.help, samples: [...byKind].map(([actorKind, totals]) => [{kind: actorKind}, about.of(totals)] as const)});
  family('gauge', 'pithead_actor_living', {help: 'Living actors of this kind.', of: (totals) => totals.living});
  family('gauge', 'pithead_actor_mailbox_messages', {help: 'Messages that wait, stashed ones included.', of: (totals) => totals.waiting});
  family('gauge', 'pithead_actor_mailbox_capacity_messages', {help: 'Most messages that may wait.', of: (totals) => totals.capacity});
  family('gauge', 'pithead_actor_open_asks', {help: 'Questions that wait for an answer.', of: (totals) => totals.openAsks});
  family('gauge', 'pithead_actor_longest_turn_seconds', {help: 'Longest turn of a living actor.', of: (totals) => totals.longestTurnMs / 1000});
  family('counter', 'pithead_actor_received_total', {help: 'Messages taken, as seen at scrapes.', of: (totals) => totals.received});
  family('counter', 'pithead_actor_processed_total', {help: 'Messages handled, as seen at scrapes.', of: (totals) => totals.processed});
  family('counter', 'pithead_actor_failures_total', {help: 'Handlers that threw.', of: (totals) => totals.failures});
  family('counter', 'pithead_actor_restarts_total', {help: 'Restarts by the supervisor.', of: (totals) => totals.restarts});
  family('counter', 'pithead_actor_sampled_messages_total', {help: 'Messages that were timed: one in 64.', of: (totals) => totals.samples});
  family('counter', 'pithead_actor_sampled_wait_seconds_total', {help: 'Time that timed messages waited.', of: (totals) => totals.sampledWaitMs / 1000});
  family('counter', 'pithead_actor_sampled_run_seconds_total', {help: 'Time that timed messages took.', of: (totals) => totals.sampledRunMs / 1000});
  const dropped: (readonly [Labels, number])[] = [...byKind].flatMap(([kind, totals]) => [...totals.dropped].map(([reason, count]) => [{kind, reason}, count] as const));
  out.family('counter', 'pithead_actor_dropped_total', {help: 'Messages lost, by reason.', samples: dropped});
}

function writeProcess(out: Exposition): void {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  out.value('gauge', 'process_resident_memory_bytes', {help: 'Resident memory.', value: memory.rss});
  out.value('gauge', 'nodejs_heap_size_used_bytes', {help: 'Used heap of the main thread.', value: memory.heapUsed});
  out.value('counter', 'process_cpu_user_seconds_total', {help: 'User CPU time.', value: cpu.user / 1e6});
  out.value('counter', 'process_cpu_system_seconds_total', {help: 'System CPU time.', value: cpu.system / 1e6});
}
