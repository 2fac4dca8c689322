import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';

/** How a telephone is reached. */
export interface Telephone {
  /** The URI that it registered. */
  readonly contact: string;
  /** Where its REGISTER came from: behind a NAT the only way to it. */
  readonly source: { readonly protocol: string; readonly address: string; readonly port: number };
}

/** One telephone of a user, until it expires. */
export interface Binding extends Telephone {
  /** Wall clock. */
  readonly expiresAtMs: number;
  /** Of whom it registered for: a later user of the same name does not get it. */
  readonly userId?: string | undefined;
  /** RFC 3261 §20.10, 0 to 1. */
  readonly q: number;
  readonly userAgent: string;
  /** Of the last REGISTER: within one Call-ID an older one changes nothing (RFC 3261 §10.3). */
  readonly callId: string;
  readonly cseq: number;
}

/** A telephone that is registered now, for `xiangyin user registrations` and `/control/registrations`. */
export interface Registration extends Telephone {
  readonly user: string;
  /** Wall clock. */
  readonly expiresAtMs: number;
  /** As it calls itself; may be empty. */
  readonly userAgent: string;
}

export interface LocationsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** `User.id` of whoever has this name now. Default: names are enough. */
  readonly userId?: (user: string) => string | undefined;
  /** Where they are kept over a restart. Default: nowhere. */
  readonly file?: string;
}

/** More telephones than that a user does not have; the oldest gives way. */
const maxBindings = 5;
/** Many telephones register at once after a power cut: written once for all. */
const saveDelayMs = 2000;

/** Where the telephones of users are: the location service of RFC 3261 §10. */
export class Locations {
  readonly #users = new Map<string, readonly Binding[]>();
  #saveDue: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(private readonly options: LocationsOptions) {}

  /** Newest first. */
  bindings(user: string): readonly Binding[] {
    const all = this.#users.get(user) ?? [];
    const nowMs = this.options.clock.wallMs();
    const userId = this.options.userId?.(user);
    const current = all.filter((binding) => binding.expiresAtMs > nowMs && binding.userId === userId);
    if (current.length < all.length) this.#keep(user, current);
    return current;
  }

  /** Puts these in place of what a user had, newest first. */
  set(user: string, bindings: readonly Binding[]): void {
    const userId = this.options.userId?.(user);
    this.#keep(
      user,
      bindings.slice(0, maxBindings).map((binding) => ({ ...binding, userId })),
    );
    if (this.options.file === undefined) return;
    this.#saveDue ??= this.options.clock.after(saveDelayMs, () => this.#save());
  }

  /** All telephones that are registered now, by user. */
  all(): readonly Registration[] {
    return [...this.#users.keys()].sort().flatMap((user) =>
      this.bindings(user).map(({ contact, source, expiresAtMs, userAgent }) => ({
        user,
        contact,
        source,
        expiresAtMs,
        userAgent,
      })),
    );
  }

  /**
   * Nothing could be delivered to a telephone. One that came over a connection is not there any more: it is reached over that
   * connection only (RFC 5626 §5.3), and drachtio does not say when one closes. A datagram may arrive the next time. One that
   * has registered anew in between stays.
   */
  undelivered(user: string, { contact, source }: Telephone): void {
    if (source.protocol === 'udp') return;
    const before = this.bindings(user);
    const rest = before.filter((binding) => binding.contact !== contact || !isSame(binding.source, source));
    if (rest.length === before.length) return;
    this.set(user, rest);
    this.options.logger.info(
      { protocol: source.protocol },
      "a telephone's connection is closed: its registration is over",
    );
  }

  /** Reads what a server before us kept. Called once, before telephones register; a file that is broken is passed over. */
  async load(): Promise<void> {
    const { file, logger } = this.options;
    if (file === undefined) return;
    try {
      const { users } = JSON.parse(await readFile(file, 'utf8')) as { users: Record<string, Binding[]> };
      for (const [user, bindings] of Object.entries(users)) {
        if (!bindings.every(isBinding)) throw new SyntaxError('a registration lacks a field');
        this.#keep(user, bindings);
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      logger.warn(
        { file, code: errorCode(error) },
        'the registrations could not be read; phones register anew',
      );
    }
  }

  /** Writes what is not written yet. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#saveDue !== undefined) this.#save();
    await this.#saving;
  }

  #keep(user: string, bindings: readonly Binding[]): void {
    if (bindings.length === 0) this.#users.delete(user);
    else this.#users.set(user, bindings);
  }

  #save(): void {
    this.#saveDue?.cancel();
    this.#saveDue = undefined;
    this.#saving = this.#saving.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const { file = '', logger } = this.options;
    for (const user of [...this.#users.keys()]) this.bindings(user);
    const text = JSON.stringify({ version: 1, users: Object.fromEntries(this.#users) });
    try {
      // In one step: whoever is killed in between leaves the file before.
      await writeFile(`${file}.${process.pid}`, text, { mode: 0o600 });
      await rename(`${file}.${process.pid}`, file);
    } catch (error) {
      logger.warn({ file, code: errorCode(error) }, 'the registrations could not be written');
    }
  }
}

function isSame(a: Telephone['source'], b: Telephone['source']): boolean {
  return a.protocol === b.protocol && a.address === b.address && a.port === b.port;
}

function isBinding({ contact, source, expiresAtMs, callId, cseq }: Binding): boolean {
  return (
    typeof contact === 'string' &&
    typeof source.address === 'string' &&
    typeof source.port === 'number' &&
    typeof source.protocol === 'string' &&
    typeof expiresAtMs === 'number' &&
    typeof callId === 'string' &&
    typeof cseq === 'number'
  );
}
