import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWav, parseWav } from '../audio/wav.js';

/** An unfinished file older than this belongs to a process that died. */
const abandonedMs = 3_600_000;

/**
 * A folder of WAV files with a limit. A file appears under its name only when it is whole (written aside, renamed), so a
 * crash leaves nothing that could be taken for a sentence; one that cannot be read is removed, and is a miss.
 */
export class SentenceFiles {
  #usedBytes: number | undefined;
  #trimming: Promise<void> | undefined;

  constructor(
    private readonly dir: string,
    /** The least recently used files go when all together are larger. 0 writes none. */
    private readonly limitBytes: number,
    private readonly sampleRateHz: number,
  ) {}

  /** The samples, or undefined if there is no such file, or none that can be read. Never rejects. */
  async read(path: string): Promise<Int16Array | undefined> {
    if (this.limitBytes === 0) return undefined;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch {
      return undefined;
    }
    try {
      const wav = parseWav(bytes);
      if (wav.sampleRateHz === this.sampleRateHz && wav.channels === 1 && wav.samples.length > 0) {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined);
        return wav.samples;
      }
    } catch {
      // Damaged: removed below.
    }
    await rm(path, { force: true }).catch(() => undefined);
    return undefined;
  }

  /** Rejects when the disk does; then nothing is there under this name that was not there before. */
  async write(path: string, samples: Int16Array): Promise<void> {
    if (this.limitBytes === 0) return;
    await mkdir(this.dir, { recursive: true });
    const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const bytes = encodeWav(samples, { sampleRateHz: this.sampleRateHz, channels: 1 });
    try {
      await writeFile(aside, bytes);
      await rename(aside, path);
    } catch (error) {
      await rm(aside, { force: true }).catch(() => undefined);
      throw error;
    }
    if (this.#usedBytes !== undefined) this.#usedBytes += bytes.length;
    if (this.#usedBytes === undefined || this.#usedBytes > this.limitBytes) {
      this.#trimming ??= this.#trim(path).finally(() => (this.#trimming = undefined));
      await this.#trimming;
    }
  }

  /** Removes what was used longest ago until the rest is within the limit; `newest` stays whatever its size. */
  async #trim(newest: string): Promise<void> {
    const files: { path: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(this.dir)) {
      const path = join(this.dir, name);
      const info = await stat(path).catch(() => undefined);
      if (info === undefined) continue;
      if (name.endsWith('.tmp')) {
        if (Date.now() - info.mtimeMs > abandonedMs) await rm(path, { force: true });
      } else if (name.endsWith('.wav')) {
        files.push({ path, bytes: info.size, usedMs: info.mtimeMs });
      }
    }
    let used = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (used <= this.limitBytes) break;
      if (file.path === newest) continue;
      await rm(file.path, { force: true });
      used -= file.bytes;
    }
    this.#usedBytes = used;
  }
}
