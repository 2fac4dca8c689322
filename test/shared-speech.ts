import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Each server of a test has a data folder of its own, and a fresh one has no sentence in it: dozens of servers would have
 * the same prompts synthesised again, in the background of whatever is tested, each by an engine that is slow while it is
 * new. So their folders of sentences and of readings are links to one, which outlives the run. A cache serves several
 * processes at once: a file appears whole or not at all, and its name says all that its sound depends on but the program.
 */

/** This file runs from dist/test. */
const projectDir = fileURLToPath(new URL('../../', import.meta.url));
const kept = join(projectDir, 'node_modules/.cache/xiangyin-speech');
/** What speaks: with another program every sentence is made anew. */
const programs = [
  'dist/src/speech',
  'dist/src/audio',
  'node_modules/@echogarden/espeak-ng-emscripten/package.json',
];
/** Folders of other programs are removed when nobody used them for so long. */
const unusedMs = 24 * 3_600_000;

let folder: Promise<string> | undefined;

/**
 * To be called before a server starts, with its data folder. Not for a server whose engines are the test's own: a cache
 * knows an engine by its name only.
 */
export async function shareSpeech(dataDir: string): Promise<void> {
  folder ??= openFolder();
  const shared = await folder;
  await mkdir(join(dataDir, 'cache'), { recursive: true });
  for (const name of ['speech', 'phrases']) await symlink(join(shared, name), join(dataDir, 'cache', name));
}

async function openFolder(): Promise<string> {
  const hash = createHash('sha256');
  for (const program of programs) await digest(join(projectDir, program), hash);
  const dir = join(kept, hash.digest('hex').slice(0, 20));
  for (const name of ['speech', 'phrases']) await mkdir(join(dir, name), { recursive: true });
  const now = new Date();
  await utimes(dir, now, now);
  for (const name of await readdir(kept)) {
    const { mtimeMs } = await stat(join(kept, name)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > unusedMs) await rm(join(kept, name), { recursive: true, force: true });
  }
  return dir;
}

/** Of a file, or of every program in a folder; what is not there counts as empty. */
async function digest(path: string, hash: ReturnType<typeof createHash>): Promise<void> {
  const entries = await readdir(path, { recursive: true }).catch(() => undefined);
  const files = entries?.filter((entry) => entry.endsWith('.js')).sort() ?? [''];
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(await readFile(join(path, file)).catch(() => ''));
  }
}
