import type { FreeSwitchEvent } from './event.js';
import type { EventFormat } from './event-socket-framing.js';

/** A name the real server accepts with its C prefix, as drachtio-fsmrf writes it. */
const C_PREFIX = 'SWITCH_EVENT_';

/**
 * What one client asked to be told: event names, subclasses of CUSTOM, and filters, of which one must match when there
 * are any. Without the filters every endpoint's connection would receive every channel's events.
 */
export class Subscription {
  format: EventFormat = 'plain';
  #all = false;
  readonly #names = new Set<string>();
  readonly #subclasses = new Set<string>();
  #filters: { readonly header: string; readonly value: string }[] = [];

  /** Whether anything was asked for since the start or the last {@link clear}. */
  get isEmpty(): boolean {
    return !this.#all && this.#names.size === 0 && this.#subclasses.size === 0;
  }

  /**
   * Adds the words of an `event FORMAT ...` command. In the real server everything after CUSTOM is a subclass, but
   * drachtio-modesl repeats the word and puts BACKGROUND_JOB last: a word with `::` or `:` is a subclass, any other a name.
   */
  add(words: readonly string[]): void {
    this.#each(words, (set, word) => set.add(word));
    if (words.some((word) => word.toLowerCase() === 'all')) this.#all = true;
  }

  /** `nixevent`: takes names back; out of ALL nothing can be taken but ALL itself. */
  remove(words: readonly string[]): void {
    this.#each(words, (set, word) => set.delete(word));
    if (words.some((word) => word.toLowerCase() === 'all')) this.clear();
  }

  /** `noevents`. Filters stay, as in the real server. */
  clear(): void {
    this.#all = false;
    this.#names.clear();
    this.#subclasses.clear();
  }

  /** `filter HEADER VALUE`; a value in slashes is a regular expression. */
  addFilter(header: string, value: string): void {
    this.#filters.push({ header, value });
  }

  /** `filter delete HEADER [VALUE]`; the header `all` clears. */
  removeFilter(header: string, value: string | undefined): void {
    this.#filters =
      header.toLowerCase() === 'all'
        ? []
        : this.#filters.filter((f) => f.header !== header || (value !== undefined && f.value !== value));
  }

  /**
   * The channels that the filters name, in lower case, when every filter is for a whole Unique-ID: events of others are
   * never wanted. Undefined: any event may be.
   */
  get channels(): readonly string[] | undefined {
    if (this.#filters.length === 0) return undefined;
    const channels: string[] = [];
    for (const { header, value } of this.#filters) {
      if (header !== 'Unique-ID' || isPattern(value)) return undefined;
      channels.push(value.toLowerCase());
    }
    return channels;
  }

  /** Whether events of this name were asked for, whatever the filters say. */
  names(name: string, subclass: string | undefined): boolean {
    if (this.#all) return true;
    if (name !== 'CUSTOM') return this.#names.has(name);
    return this.#names.has('CUSTOM') || (subclass !== undefined && this.#subclasses.has(subclass));
  }

  wants(event: FreeSwitchEvent): boolean {
    if (!this.names(event.name, event.subclass)) return false;
    return this.#filters.length === 0 || this.#filters.some((f) => matches(f.value, event.header(f.header)));
  }

  #each(words: readonly string[], apply: (set: Set<string>, word: string) => void): void {
    let afterCustom = false;
    let subclassSeen = false;
    for (const raw of words) {
      const word = raw.startsWith(C_PREFIX) ? raw.slice(C_PREFIX.length) : raw;
      if (word.toUpperCase() === 'CUSTOM') {
        afterCustom = true;
        continue;
      }
      if (word.includes(':') || (afterCustom && !isCoreName(word))) {
        subclassSeen = true;
        apply(this.#subclasses, word);
      } else {
        apply(this.#names, word.toUpperCase());
      }
    }
    // CUSTOM alone means every subclass.
    if (afterCustom && !subclassSeen) apply(this.#names, 'CUSTOM');
  }
}

/** Core events are upper case with underscores; subclasses in use are lower case. */
function isCoreName(word: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(word);
}

function matches(wanted: string, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  if (wanted === actual) return true;
  if (isPattern(wanted)) {
    try {
      return new RegExp(wanted.slice(1, -1), 'i').test(actual);
    } catch {
      return false;
    }
  }
  return wanted.toLowerCase() === actual.toLowerCase();
}

/** A value in slashes is a regular expression. */
function isPattern(value: string): boolean {
  return value.length > 2 && value.startsWith('/') && value.endsWith('/');
}
