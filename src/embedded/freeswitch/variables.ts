import { HeaderBlock } from './event.js';

/** What the real server says of an unset variable in `uuid_getvar`, and what unsets one in `set`. */
export const UNDEFINED_VALUE = '_undef_';

/** The variables of one channel: text by name, in order of first setting. */
export class ChannelVariables {
  readonly #values = new Map<string, string>();
  #block: HeaderBlock | undefined;

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** An empty value or `_undef_` unsets, as in the real server. */
  set(name: string, value: string): void {
    if (name === '') return;
    if (value === '' || value === UNDEFINED_VALUE) {
      this.unset(name);
      return;
    }
    if (this.#values.get(name) === value) return;
    this.#values.set(name, value);
    this.#block = undefined;
  }

  unset(name: string): void {
    if (this.#values.delete(name)) this.#block = undefined;
  }

  /** Reads an integer; undefined when unset or no number. */
  integer(name: string): number | undefined {
    const value = Number.parseInt(this.#values.get(name) ?? '', 10);
    return Number.isNaN(value) ? undefined : value;
  }

  /** `true`, `yes`, `on`, `1`, `enabled`, `active`, `allow`: what the real server takes for true. */
  isTrue(name: string): boolean {
    return /^(true|yes|on|1|enabled|active|allow|t)$/i.test(this.#values.get(name) ?? '');
  }

  /** `variable_NAME` for each variable. */
  get block(): HeaderBlock {
    if (this.#block !== undefined) return this.#block;
    const headers: Record<string, string> = {};
    for (const [name, value] of this.#values) headers[`variable_${name}`] = value;
    return (this.#block = new HeaderBlock(headers));
  }

  /** Replaces `${name}`; unset names become nothing. Function calls (`${api(args)}`) are left as they are. */
  expand(text: string): string {
    if (!text.includes('${')) return text;
    return text.replace(/\$\{([\w:.-]+)\}/g, (_whole, name: string) => this.#values.get(name) ?? '');
  }

  clear(): void {
    this.#values.clear();
    this.#block = undefined;
  }
}

/**
 * The assignments of `multiset`: `^^DELIMITER` chooses what separates them (blank otherwise).
 * `^^^a=1^b=2` is what drachtio-fsmrf sends.
 */
export function parseMultiset(argument: string): [name: string, value: string][] {
  const chosen = argument.startsWith('^^') ? argument.charAt(2) : '';
  const text = chosen === '' ? argument : argument.slice(3);
  return text
    .split(chosen === '' ? ' ' : chosen)
    .filter((part) => part !== '')
    .map(parseAssignment);
}

/** `name=value`; without `=` the value is empty, which unsets. */
export function parseAssignment(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals === -1) return [text.trim(), ''];
  return [text.slice(0, equals).trim(), text.slice(equals + 1)];
}

/**
 * Splits API arguments as the real server does: by blanks, or by another character after `^^C`; single quotes protect
 * and are taken off, a backslash takes the meaning of the next quote. With a chosen delimiter empty fields count,
 * save for those at the end.
 */
export function splitArguments(text: string): string[] {
  const chosen = text.startsWith('^^') ? text.charAt(2) : '';
  const delimiter = chosen === '' ? ' ' : chosen;
  const source = chosen === '' ? text.trim() : text.slice(3);
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  let touched = false;
  for (let at = 0; at < source.length; at += 1) {
    const c = source.charAt(at);
    if (c === '\\' && source.charAt(at + 1) === "'") {
      field += "'";
      at += 1;
    } else if (c === "'") {
      quoted = !quoted;
      touched = true;
    } else if (c === delimiter && !quoted) {
      if (delimiter !== ' ' || field !== '' || touched) fields.push(field);
      field = '';
      touched = false;
    } else {
      field += c;
    }
  }
  if (field !== '' || touched) fields.push(field);
  return fields;
}
