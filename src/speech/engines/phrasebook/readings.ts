import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Phrase } from '../../recognizer.js';
import type { PhoneTiming, PhoneticSynthesizer } from '../../synthesizer.js';

/** Part of the stored file's name: raise when readings of the same phrase must be made anew. */
const version = 1;

/**
 * How a phrase is said in each accent, from the synthesizer, and kept in `dir` so that a restart asks no synthesizer. A
 * file that cannot be read is made anew; a folder that cannot be written costs only time.
 */
export class ReadingStore {
  constructor(
    private readonly synthesizer: PhoneticSynthesizer,
    private readonly dir: string,
  ) {}

  async read(phrase: Phrase, accents: readonly string[]): Promise<readonly PhoneTiming[][]> {
    const key = JSON.stringify([version, this.synthesizer.name, accents, phrase.text]);
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 40);
    const path = join(this.dir, `${hash}.json`);
    const stored = await readStored(path);
    if (stored !== undefined) return stored;
    const readings = await Promise.all(
      accents.map(async (dialect) => [
        ...(await this.synthesizer.phones({ text: phrase.text, dialect, background: true })),
      ]),
    );
    await this.#store(path, readings).catch(() => undefined);
    return readings;
  }

  async #store(path: string, readings: readonly PhoneTiming[][]): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeFile(aside, JSON.stringify(readings));
      await rename(aside, path);
    } finally {
      await rm(aside, { force: true });
    }
  }
}

async function readStored(path: string): Promise<PhoneTiming[][] | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as unknown;
    return isReadings(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isReadings(value: unknown): value is PhoneTiming[][] {
  return (
    Array.isArray(value) &&
    value.every(
      (reading) =>
        Array.isArray(reading) &&
        reading.every(
          (timing: Partial<PhoneTiming> | null) =>
            typeof timing?.phone === 'string' && typeof timing.durationMs === 'number',
        ),
    )
  );
}
