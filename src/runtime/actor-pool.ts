/**
 * @module Several actors of one kind behind one ref: each message is routed to a member (or to all) in the sender's own
 * turn, without a hop. A keeper actor supervises the members, replaces those that end, and resizes.
 *
 * Order: first in, first out per sender and member. A resize moves keys under `consistent-hash`, about one in the new
 * size; a key's last messages to its old member and the first to its new one are not ordered with each other.
 */
import {AskError, type ActorContext, type ActorRef, type ActorSpec, type AskOptions, type Behaviour, type Message, type PendingReply, type Query,
  type ReplyOf, type Signal, type SpawnOptions, type SupervisionPolicy, type TellOptions, type TellOutcome} from './actor.js';
import {LocalRef} from './local-ref.js';
import {memberFor, pathHash} from './rendezvous-hash.js';

export type Routing<M extends Message> =
  | {readonly kind: 'round-robin'}
  /** The member with the fewest waiting messages; among equals, the next in turn. */
  | {readonly kind: 'smallest-mailbox'}
  /** Messages of one key go to one member, also after others joined or left. `keyOf` must not throw: it runs in `tell`. */
  | {readonly kind: 'consistent-hash'; readonly keyOf: (message: M) => string | number}
  /** Every member gets every message. Questions are refused: there is no one answer. */
  | {readonly kind: 'broadcast'};

export interface ActorPoolOptions<M extends Message> {
  readonly name: string;
  readonly size: number;
  readonly routing: Routing<M>;
  /** How the keeper supervises the members. */
  readonly supervision?: SupervisionPolicy;
  readonly onFailure?: SpawnOptions['onFailure'];
}

/** Whoever may spawn: an actor's context, or the system for a top-level pool. */
export interface PoolHome {
  spawn<M extends Message>(spec: ActorSpec<M>, options: SpawnOptions): ActorRef<M>;
}

/** Beyond it a search of all members per message costs more than the message. */
export const POOL_SIZE_MAX = 256;

type Resize = Query<'pool.resize', {readonly size: number}, {readonly size: number}>;
type KeeperMessage = Message | Resize;

export class ActorPool<M extends Message> implements ActorRef<M> {
  /** The keeper: stopping it stops the pool, with `drain` after all members have emptied their mailboxes. */
  readonly keeper: ActorRef<KeeperMessage>;
  private readonly routing: Routing<M>;
  private members: readonly ActorRef<M>[] = [];
  private hashes: readonly number[] = [];
  private turn = 0;

  constructor(home: PoolHome, spec: ActorSpec<M>, options: ActorPoolOptions<M>) {
    checkSize(options.size);
    this.routing = options.routing;
    this.keeper = home.spawn(keeperSpec(spec, options, {
      joined: (members) => this.join(members),
      forward: (message, ctx) => {
        const {deadlineMs} = ctx;
        this.deliver(message as M, (member) => ctx.tell(member, message as M, deadlineMs === undefined ? undefined : {deadlineMs, trace: ctx.trace}));
      },
    }), {name: options.name, ...(options.onFailure !== undefined && {onFailure: options.onFailure})});
  }

  get path(): string {
    return this.keeper.path;
  }

  get id(): number {
    return this.keeper.id;
  }

  get size(): number {
    return this.members.length;
  }

  tell(message: M, options?: TellOptions): TellOutcome {
    return this.route(message, (ref) => ref.tell(message, options));
  }

  /** As {@link tell}, with the sender's name and trace on the message. `ctx.tell` comes here by itself. */
  tellFrom(sender: ActorContext<Message>, message: M, options?: TellOptions): TellOutcome {
    return this.route(message, (ref) => sender.tell(ref, message, options));
  }

  ask<Q extends M>(query: Q, options: AskOptions): Promise<ReplyOf<Q>> {
    const refused = new AskError('refused', {messageType: query.type, path: this.path});
    if (this.routing.kind === 'broadcast' || this.members.length === 0) return Promise.reject(refused);
    return this.members[this.choose(query)]!.ask(query, options);
  }

  /** Resolves when the pool has that many members and those that left have emptied their mailboxes. */
  async resize(size: number, options: AskOptions): Promise<void> {
    checkSize(size);
    await this.keeper.ask<Resize>({type: 'pool.resize', size}, options);
  }

  private route(message: M, tell: (ref: ActorRef<M>) => TellOutcome): TellOutcome {
    // Before the members exist messages go through the keeper; what comes later must not overtake them.
    const isDirect = this.members.length > 0 && loadOf(this.keeper as ActorRef<never>) === 0;
    return isDirect ? this.deliver(message, tell) : tell(this.keeper as unknown as ActorRef<M>);
  }

  private deliver(message: M, tell: (ref: ActorRef<M>) => TellOutcome): TellOutcome {
    if (this.routing.kind !== 'broadcast') return tell(this.members[this.choose(message)]!);
    let worst: TellOutcome = 'accepted';
    for (const member of this.members) {
      const outcome = tell(member);
      if (outcome !== 'accepted') worst = outcome;
    }
    return worst;
  }

  private choose(message: M): number {
    if (this.routing.kind === 'consistent-hash') return memberFor(this.routing.keyOf(message), this.hashes);
    this.turn = (this.turn + 1) % this.members.length;
    return this.routing.kind === 'smallest-mailbox' ? this.leastLoaded() : this.turn;
  }

  private leastLoaded(): number {
    let best = this.turn;
    let bestLoad = loadOf(this.members[best]!);
    for (let i = 1; i < this.members.length && bestLoad > 0; i += 1) {
      const candidate = (this.turn + i) % this.members.length;
      const load = loadOf(this.members[candidate]!);
      if (load >= bestLoad) continue;
      best = candidate;
      bestLoad = load;
    }
    return best;
  }

  private join(members: readonly ActorRef<M>[]): void {
    this.members = members;
    this.hashes = members.map(({path}) => pathHash(path));
    this.turn = 0;
  }
}

function loadOf(ref: ActorRef<never>): number {
  const mailbox = ref instanceof LocalRef ? ref.cell.mailbox : undefined;
  return mailbox === undefined ? 0 : mailbox.waiting + (mailbox.isInHandAwaited ? 1 : 0);
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 1 || size > POOL_SIZE_MAX) throw new RangeError(`a pool of ${size}: 1 to ${POOL_SIZE_MAX} members`);
}

interface KeeperPorts<M extends Message> {
  joined(members: readonly ActorRef<M>[]): void;
  forward(message: Message, ctx: ActorContext<KeeperMessage>): void;
}

function keeperSpec<M extends Message>(spec: ActorSpec<M>, options: ActorPoolOptions<M>, ports: KeeperPorts<M>): ActorSpec<KeeperMessage> {
  const {mailbox} = spec.protocol;
  return {
    protocol: {kind: `${spec.protocol.kind}-pool`, mailbox: {capacity: mailbox.capacity, policy: 'refuse'}, undroppable: ['pool.resize']},
    ...(options.supervision !== undefined && {supervision: options.supervision}),
    create: (ctx) => new PoolKeeper(spec, options.size, ports, ctx),
  };
}

class PoolKeeper<M extends Message> implements Behaviour<KeeperMessage> {
  private readonly spec: ActorSpec<M>;
  private readonly ports: KeeperPorts<M>;
  private members: ActorRef<M>[] = [];
  /** Out of the table, still emptying their mailboxes. */
  private readonly leaving = new Set<ActorRef<never>>();
  private readonly resizes: {readonly reply: PendingReply<{size: number}> | undefined; readonly leaving: Set<ActorRef<never>>}[] = [];
  private size: number;
  private named = 0;

  constructor(spec: ActorSpec<M>, size: number, ports: KeeperPorts<M>, ctx: ActorContext<KeeperMessage>) {
    this.spec = spec;
    this.size = size;
    this.ports = ports;
    this.fill(ctx);
  }

  receive(message: KeeperMessage, ctx: ActorContext<KeeperMessage>): void {
    if (message.type === 'pool.resize') this.resize((message as Resize).size, ctx);
    else this.ports.forward(message, ctx);
  }

  signal(signal: Signal, ctx: ActorContext<KeeperMessage>): void {
    const at = this.members.findIndex((member) => (member as ActorRef<never>) === signal.ref);
    if (at >= 0) {
      this.members = this.members.toSpliced(at, 1);
      this.fill(ctx);
    }
    this.leaving.delete(signal.ref);
    for (const resize of this.resizes) resize.leaving.delete(signal.ref);
    this.answerResizes();
  }

  onStop(): void {
    this.ports.joined([]);
  }

  inspect(): unknown {
    return {size: this.size, members: this.members.map(({path}) => path), leaving: [...this.leaving].map(({path}) => path)};
  }

  private fill(ctx: ActorContext<KeeperMessage>): void {
    while (this.members.length < this.size) {
      this.named += 1;
      const member = ctx.spawn(this.spec, {name: `${this.spec.protocol.kind}-${this.named}`});
      ctx.watch(member as ActorRef<never>);
      this.members = [...this.members, member];
    }
    this.ports.joined(this.members);
  }

  private resize(size: number, ctx: ActorContext<KeeperMessage>): void {
    this.size = size;
    const gone = this.members.slice(size);
    this.members = this.members.slice(0, size);
    this.fill(ctx);
    for (const member of gone) {
      this.leaving.add(member as ActorRef<never>);
      ctx.stop(member as ActorRef<never>, 'drain');
    }
    this.resizes.push({reply: ctx.takeReply(), leaving: new Set(this.leaving)});
    this.answerResizes();
  }

  private answerResizes(): void {
    for (let first = this.resizes[0]; first !== undefined && first.leaving.size === 0; first = this.resizes[0]) {
      this.resizes.shift();
      first.reply?.resolve({size: this.size});
    }
  }
}
