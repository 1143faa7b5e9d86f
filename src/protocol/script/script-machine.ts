/**
 * @module The state of one script's execution: stacks, open conditionals, counters, and the spend that it judges.
 * Operations work on it and return an error code or nothing. Stack items are views and shared: nobody writes into one.
 */
import {ScriptCursor} from './parse-script.js';
import type {ScriptErrorCode} from './script-error.js';
import {SCRIPT_FLAG} from './script-flags.js';
import type {ScriptFlags} from './script-flags.js';
import {decodeScriptNumber, encodeScriptNumber} from './script-number.js';
import type {SignatureOracle} from './signature-check.js';
import type {TransactionDigests} from './transaction-digests.js';

export type SignatureVersion = 'legacy' | 'witness-v0' | 'tapscript';

/** What is being decided: may this input spend its output under these rules? */
export interface InputSpend {
  readonly digests: TransactionDigests;
  readonly inputIndex: number;
  readonly flags: ScriptFlags;
  readonly oracle: SignatureOracle;
}

/** What only a tapscript has. Source: BIP 342. */
export interface TapscriptExecution {
  readonly leafHash: Uint8Array;
  readonly annexHash: Uint8Array | undefined;
  codeSeparatorIndex: number;
  validationWeightLeft: number;
}

/** @returns the rule that broke, or undefined to go on. */
export type Operation = (machine: ScriptMachine) => ScriptErrorCode | undefined;

export interface MachineOptions {
  readonly spend: InputSpend;
  readonly version: SignatureVersion;
  readonly tapscript?: TapscriptExecution;
}

const TRUE = Uint8Array.of(1);
const FALSE = new Uint8Array(0);

export class ScriptMachine {
  readonly stack: Uint8Array[];
  readonly altStack: Uint8Array[] = [];
  readonly cursor: ScriptCursor;
  readonly spend: InputSpend;
  readonly version: SignatureVersion;
  readonly tapscript: TapscriptExecution | undefined;
  /** One entry per open OP_IF. */
  readonly conditions: boolean[] = [];
  /** How many entries of {@link conditions} are false: keeps "are we executing" constant time at any depth. */
  falseConditions = 0;
  operationCount = 0;
  /** Index of the current operation, for tapscript's OP_CODESEPARATOR. */
  operationIndex = 0;
  /** Digests of the current {@link scriptCode}. Made when there is one: most scripts of an input have none. */
  private digestByHashType: Map<number, Uint8Array> | undefined;
  private codeStart = 0;
  private code: Uint8Array | undefined;

  constructor(stack: Uint8Array[], script: Uint8Array, options: MachineOptions) {
    this.stack = stack;
    this.cursor = new ScriptCursor(script);
    this.spend = options.spend;
    this.version = options.version;
    this.tapscript = options.tapscript;
  }

  get isExecuting(): boolean {
    return this.falseConditions === 0;
  }

  /** The script from the last executed OP_CODESEPARATOR on. The same object until the next, so digests can be cached by it. */
  get scriptCode(): Uint8Array {
    return this.code ??= this.cursor.script.subarray(this.codeStart);
  }

  has(flag: ScriptFlags): boolean {
    return (this.spend.flags & flag) !== 0;
  }

  /** Starts the signed code after the current operation. */
  separateCode(): void {
    this.codeStart = this.cursor.position;
    this.code = undefined;
    this.digestByHashType = undefined;
    if (this.tapscript !== undefined) this.tapscript.codeSeparatorIndex = this.operationIndex;
  }

  knownDigest(hashType: number): Uint8Array | undefined {
    return this.digestByHashType?.get(hashType);
  }

  rememberDigest(hashType: number, digest: Uint8Array): void {
    this.digestByHashType ??= new Map();
    this.digestByHashType.set(hashType, digest);
  }

  /** Item at `depth` below the top; 0 is the top. The caller has checked that it exists. */
  peek(depth = 0): Uint8Array {
    return this.stack[this.stack.length - 1 - depth]!;
  }

  /** The caller has checked that there is one. */
  pop(): Uint8Array {
    return this.stack.pop()!;
  }

  push(item: Uint8Array): void {
    this.stack.push(item);
  }

  pushBoolean(value: boolean): void {
    this.stack.push(value ? TRUE : FALSE);
  }

  pushNumber(value: number): void {
    this.stack.push(encodeScriptNumber(value));
  }

  /** @returns undefined where the item is no operand: too long, or not minimal where it must be. */
  number(item: Uint8Array, sizeMax?: number): number | undefined {
    return decodeScriptNumber(item, this.has(SCRIPT_FLAG.MINIMALDATA), sizeMax);
  }
}
