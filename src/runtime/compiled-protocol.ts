/** @module A protocol made ready for the hot path: numbers for the policy, one map for the types that are special. */
import type {Message, Protocol} from './actor.js';

export const REFUSE = 0;
export const DROP_OLDEST = 1;
export const DROP_NEWEST = 2;
export const KEEP_LATEST = 3;

/** Bits of a message type's entry in `CompiledProtocol.special`. */
export const IS_PRIORITY = 1;
export const IS_UNDROPPABLE = 2;

const POLICIES = {'refuse': REFUSE, 'drop-oldest': DROP_OLDEST, 'drop-newest': DROP_NEWEST, 'keep-latest': KEEP_LATEST} as const;

export interface CompiledProtocol {
  readonly kind: string;
  readonly capacity: number;
  readonly softLimit: number;
  readonly policy: number;
  /** What `keep-latest` compares besides the type. */
  readonly keyOf: ((message: Message) => string | number | undefined) | undefined;
  /** Undefined when every type is ordinary: then no message is looked up at all. */
  readonly special: ReadonlyMap<string, number> | undefined;
}

const compiled = new WeakMap<Protocol<Message>, CompiledProtocol>();

/** @throws RangeError for a capacity that bounds nothing, or keys that nothing compares: a bug of ours. */
export function compileProtocol(protocol: Protocol<Message>): CompiledProtocol {
  const known = compiled.get(protocol);
  if (known !== undefined) return known;
  const {capacity, policy, softLimit, keyOf} = protocol.mailbox;
  if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`mailbox of ${protocol.kind}: capacity ${capacity}`);
  if (keyOf !== undefined && policy !== 'keep-latest') throw new RangeError(`mailbox of ${protocol.kind}: keyOf without keep-latest`);
  const special = new Map<string, number>();
  for (const type of protocol.priority ?? []) special.set(type, IS_PRIORITY);
  for (const type of protocol.undroppable ?? []) special.set(type, (special.get(type) ?? 0) | IS_UNDROPPABLE);
  const made: CompiledProtocol = {
    kind: protocol.kind,
    capacity,
    softLimit: softLimit ?? Math.ceil(capacity * 0.75),
    policy: POLICIES[policy],
    keyOf,
    special: special.size > 0 ? special : undefined,
  };
  compiled.set(protocol, made);
  return made;
}
