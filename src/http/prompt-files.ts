import { basename, isAbsolute } from 'node:path';
import { token } from '../core/ids.js';
import { httpError } from './errors.js';

export interface PromptFilesOptions {
  /** Base URL by which the media server reaches us (`http.advertise`). Default: the listener's own address. */
  readonly advertise?: string;
  /** How many files may have a URL at once; the one asked for longest ago loses its. Default 10000. */
  readonly limit?: number;
}

/**
 * Sound files that a media server may fetch. A file has no URL until it is asked for one, and then an unguessable one that
 * stays the same, so that the media server's cache finds it again. A request names a token, never a path.
 */
export class PromptFiles {
  readonly #tokens = new Map<string, string>();
  readonly #paths = new Map<string, string>();
  readonly #limit: number;
  readonly #advertised: boolean;
  #base: string | undefined;

  constructor({ advertise, limit = 10_000 }: PromptFilesOptions = {}) {
    this.#base = advertise?.replace(/\/+$/, '');
    this.#advertised = advertise !== undefined;
    this.#limit = limit;
  }

  /** The URL of a file, given by its absolute path. Throws HTTP_NOT_LISTENING before the listener is up. */
  urlFor(path: string): string {
    if (!isAbsolute(path)) throw new TypeError('a prompt file is named by its absolute path');
    if (this.#base === undefined) throw httpError('HTTP_NOT_LISTENING');
    const known = this.#tokens.get(path);
    const name = known ?? token();
    // Maps keep the order of insertion: what was asked for last goes to the end.
    this.#tokens.delete(path);
    this.#tokens.set(path, name);
    if (known === undefined) {
      this.#paths.set(name, path);
      this.#forgetOldest();
    }
    return `${this.#base}/prompts/${name}/${shownName(path)}`;
  }

  /** The path behind a URL's token and name; undefined for what was never handed out. */
  pathOf(name: string, shown: string): string | undefined {
    const path = this.#paths.get(name);
    return path !== undefined && shownName(path) === shown ? path : undefined;
  }

  /** Called by the listener once its address is known. An advertised base goes before it. */
  listeningOn(base: string): void {
    if (!this.#advertised) this.#base = base;
  }

  #forgetOldest(): void {
    if (this.#tokens.size <= this.#limit) return;
    for (const [path, name] of this.#tokens) {
      this.#tokens.delete(path);
      this.#paths.delete(name);
      return;
    }
  }
}

/** The file's name as a URL can show it: FreeSWITCH finds the format by its ending, and trips over anything but ASCII. */
function shownName(path: string): string {
  return basename(path).replace(/[^A-Za-z0-9._-]/g, '-');
}
