import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fallbackChain, isDialectId } from '../dialect/catalogue.js';

/** Folder of recordings without words (a chime): the same in every dialect. */
const soundsFolder = 'sounds';

/** Which recorded prompts there are, found once per load: no call waits for a folder to be read. */
export class RecordedPrompts {
  /** `<folder>/<name>` to path. */
  #files: ReadonlyMap<string, string> = new Map();

  constructor(private readonly dir: string) {}

  /** Reads `<dir>/<dialect>/<name>.wav`. A folder that is not there holds nothing. */
  async load(): Promise<void> {
    const files = new Map<string, string>();
    const folders = await readdir(this.dir, { withFileTypes: true }).catch(() => []);
    for (const folder of folders.filter((entry) => entry.isDirectory())) {
      for (const file of await readdir(join(this.dir, folder.name)).catch(() => [])) {
        if (extname(file) !== '.wav') continue;
        files.set(`${folder.name}/${basename(file, '.wav')}`, join(this.dir, folder.name, file));
      }
    }
    this.#files = files;
  }

  /** Absolute path of the recording in the dialect, or in the nearest that its fallback chain has. */
  find(name: string, dialect: string): string | undefined {
    const chain = isDialectId(dialect) ? fallbackChain(dialect) : [];
    for (const folder of [dialect, ...chain, soundsFolder]) {
      const path = this.#files.get(`${folder}/${name}`);
      if (path !== undefined) return path;
    }
    return undefined;
  }
}
