/**
 * @module The names that one connection mines under: which are known, and how many are kept. Whether an address is one of
 * this chain is not decided here.
 *
 * A name costs its sender one line, so only some are free; more are kept as accepted shares come in. Names beyond that
 * mine all the same when their account is known: they are looked up again with each share.
 */
import {splitUserName} from './user-name.js';

export interface SessionUser {
  readonly account: string;
  readonly minerName: string;
}

export interface SessionUsersOptions {
  readonly decodeAccount: (text: string) => {readonly ok: true; readonly account: string} | {readonly ok: false};
  readonly namesMax: number;
  readonly namesFreeMax: number;
  readonly sharesAccepted: () => number;
  /** A name is kept from now on. */
  readonly onKept: (user: SessionUser) => void;
}

export class SessionUsers {
  private readonly byName = new Map<string, SessionUser>();
  private readonly options: SessionUsersOptions;
  /** Found last: most connections have one name. */
  private latestName: string | undefined;
  private latest: SessionUser | undefined;

  constructor(options: SessionUsersOptions) {
    this.options = options;
  }

  get size(): number {
    return this.byName.size;
  }

  get first(): SessionUser | undefined {
    return this.byName.values().next().value;
  }

  list(): SessionUser[] {
    return [...this.byName.values()];
  }

  hasAccount(account: string): boolean {
    for (const known of this.byName.values()) if (known.account === account) return true;
    return false;
  }

  /** @returns false when there is no room: the name is not kept. */
  keep(userName: string, user: SessionUser): boolean {
    if (this.byName.has(userName)) return true;
    const {namesMax, namesFreeMax, sharesAccepted, onKept} = this.options;
    if (this.byName.size >= Math.min(namesMax, namesFreeMax + sharesAccepted())) return false;
    this.byName.set(userName, user);
    onKept(user);
    return true;
  }

  /** A farm's proxy names machines that it never authorised one by one: the account must be one of this session. */
  find(userName: string): SessionUser | undefined {
    if (userName === this.latestName) return this.latest;
    const known = this.byName.get(userName);
    if (known !== undefined) {
      this.latestName = userName;
      this.latest = known;
      return known;
    }
    const {addressText, minerName} = splitUserName(userName);
    const decoded = this.options.decodeAccount(addressText);
    if (!decoded.ok || !this.hasAccount(decoded.account)) return undefined;
    const user = {account: decoded.account, minerName};
    this.keep(userName, user);
    return user;
  }
}
