/**
 * @module Reads one call's parameters, positional or named, by type. Untrusted: everything may be of any type.
 * A wrong type is -3, a value out of bounds -8, as Bitcoin Core answers.
 */
import {displayHexToHash, hexToBytes} from '../../protocol/bytes/hex.js';
import type {Hash256} from '../../protocol/primitives/transaction.js';
import {satsOfCoins} from './json-text.js';
import {RPC_CODE, RpcFault} from './rpc-fault.js';

export class Params {
  private readonly names: readonly string[];
  private readonly values: ReadonlyMap<string, unknown>;

  /** @throws RpcFault for too many positional or unknown named parameters. */
  constructor(names: readonly string[], given: unknown) {
    this.names = names;
    if (given === undefined || given === null) this.values = new Map();
    else if (Array.isArray(given)) {
      if (given.length > names.length) throw new RpcFault(RPC_CODE.misc, `too many parameters: ${names.length === 0 ? 'none' : names.join(', ')} expected`);
      this.values = new Map(given.map((value: unknown, index) => [names[index]!, value]));
    } else {
      const entries = Object.entries(given);
      const unknown = entries.find(([name]) => !names.includes(name));
      if (unknown !== undefined) throw new RpcFault(RPC_CODE.invalidParameter, `Unknown named parameter ${unknown[0].slice(0, 100)}`);
      this.values = new Map(entries);
    }
  }

  /** Undefined when absent or null. */
  raw(name: string): unknown {
    if (!this.names.includes(name)) throw new Error(`the method does not declare its parameter ${name}`);
    return this.values.get(name) ?? undefined;
  }

  required(name: string): unknown {
    const value = this.raw(name);
    if (value === undefined) throw new RpcFault(RPC_CODE.misc, `parameter ${name} is missing; expected: ${this.names.join(', ')}`);
    return value;
  }

  text(name: string): string {
    const value = this.required(name);
    if (typeof value !== 'string') throw wrongType(name, 'string', value);
    return value;
  }

  textOr<T>(name: string, absent: T): string | T {
    return this.raw(name) === undefined ? absent : this.text(name);
  }

  integer(name: string, bounds: {readonly min: number; readonly max: number}): number {
    const value = this.required(name);
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, 'integer', value);
    if (value < bounds.min || value > bounds.max) {
      throw new RpcFault(RPC_CODE.invalidParameter, `${name} out of range: ${value} is not within ${bounds.min} to ${bounds.max}`);
    }
    return value;
  }

  integerOr(name: string, absent: number, bounds: {readonly min: number; readonly max: number}): number {
    return this.raw(name) === undefined ? absent : this.integer(name, bounds);
  }

  booleanOr(name: string, absent: boolean): boolean {
    const value = this.raw(name);
    if (value === undefined) return absent;
    if (typeof value !== 'boolean') throw wrongType(name, 'boolean', value);
    return value;
  }

  /** 64 digits in display order. */
  hash(name: string): Hash256 {
    const text = this.text(name);
    const hash = displayHexToHash(text);
    if (hash === undefined) {
      throw new RpcFault(RPC_CODE.invalidParameter, text.length === 64
        ? `${name} must be hexadecimal string (not '${text}')`
        : `${name} must be of length 64 (not ${text.length}, for '${text.slice(0, 80)}')`);
    }
    return hash;
  }

  /** @throws RpcFault -22 with `problem` when it is no hex. */
  bytes(name: string, problem: string): Uint8Array {
    return bytesOfHex(this.text(name), problem);
  }

  array(name: string): readonly unknown[] {
    const value = this.required(name);
    if (!Array.isArray(value)) throw wrongType(name, 'array', value);
    return value as readonly unknown[];
  }

  objectOr(name: string): Readonly<Record<string, unknown>> {
    const value = this.raw(name);
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'object', value);
    return value as Readonly<Record<string, unknown>>;
  }

  /** Coins as a number or a text, exact to the satoshi. */
  amountOr(name: string, absentSats: bigint): bigint {
    const value = this.raw(name);
    if (value === undefined) return absentSats;
    if (typeof value !== 'number' && typeof value !== 'string') throw wrongType(name, 'number or string', value);
    // The shortest decimal text of a double is what its sender wrote, for anything that a sender would write.
    const sats = satsOfCoins(String(value));
    if (sats === undefined) throw new RpcFault(RPC_CODE.wrongType, 'Invalid amount');
    if (sats < 0n || sats > 2_100_000_000_000_000n) throw new RpcFault(RPC_CODE.wrongType, 'Amount out of range');
    return sats;
  }
}

export function bytesOfHex(text: string, problem: string): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes === undefined || bytes.length === 0) throw new RpcFault(RPC_CODE.deserialization, problem);
  return bytes;
}

export function wrongType(name: string, expected: string, value: unknown): RpcFault {
  const seen = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return new RpcFault(RPC_CODE.wrongType, `JSON value of type ${seen} for ${name} is not of expected type ${expected}`);
}
