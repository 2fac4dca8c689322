import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fallbackChain, isDialectId } from '../dialect/catalogue.js';
import type { Prompt } from '../dialog/action.js';
import { compilePromptManifest, type PromptManifest } from '../dialog/prompt-manifest.js';

/** Folder of recordings without words (a chime): the same in every dialect. */
const soundsFolder = 'sounds';
const manifestFile = 'manifest.yaml';

/** What the server itself says, in any dialplan, when something is missing; audio-prompts/manifest.yaml has the words. */
export const housePrompts = ['one-moment', 'use-keys', 'voice-trouble'] as const;
export type HousePrompt = (typeof housePrompts)[number];

/** The shipped recordings are no code and are not compiled: from dist/src/call back to the project. */
const shippedDir = fileURLToPath(new URL('../../../audio-prompts', import.meta.url));

/** Which recorded prompts there are, found once per load: no call waits for a folder to be read. */
export class RecordedPrompts {
  /** `<folder>/<name>` to path. */
  #files: ReadonlyMap<string, string> = new Map();
  #manifest: PromptManifest = new Map();
  /** Dialect and words to name, of those that are recorded. */
  #byWords: ReadonlyMap<string, string> = new Map();

  constructor(private readonly dir: string) {}

  /**
   * Reads `<dir>/<dialect>/<name>.wav` and the manifest. A folder that is not there holds nothing; {@link housePrompts}
   * that it does not have are taken from those that are shipped.
   */
  async load(): Promise<void> {
    const [files, shipped] = await Promise.all([recordingsIn(this.dir), recordingsIn(shippedDir)]);
    const [manifest, shippedManifest] = await Promise.all([manifestIn(this.dir), manifestIn(shippedDir)]);
    for (const name of housePrompts) {
      if (manifest.has(name)) continue;
      const entry = shippedManifest.get(name);
      if (entry !== undefined) manifest.set(name, entry);
      for (const [place, path] of shipped) {
        if (place.endsWith(`/${name}`) && !files.has(place)) files.set(place, path);
      }
    }
    const byWords = new Map<string, string>();
    for (const [name, entry] of manifest) {
      if (entry.kind !== 'words') continue;
      for (const [dialect, words] of Object.entries(entry.words)) {
        if (files.has(`${dialect}/${name}`)) byWords.set(`${dialect}\0${plain(words)}`, name);
      }
    }
    this.#files = files;
    this.#manifest = manifest;
    this.#byWords = byWords;
  }

  /** Absolute path of the recording in the dialect, or in the nearest that its fallback chain has. */
  find(name: string, dialect: string): string | undefined {
    for (const folder of [...nearest(dialect), soundsFolder]) {
      const path = this.#files.get(`${folder}/${name}`);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /** What the house says in the dialect, or in its nearest relative; undefined where nobody wrote the words. */
  house(name: HousePrompt, dialect: string): Prompt | undefined {
    const entry = this.#manifest.get(name);
    if (entry?.kind !== 'words') return undefined;
    const spoken = nearest(dialect).find((id) => entry.words[id] !== undefined);
    if (spoken === undefined) return undefined;
    return { text: entry.words[spoken] ?? '', dialect: spoken, recorded: name };
  }

  /** What to say when a prompt cannot be spoken: a recording of the same words; else, the `first` time, that there is trouble. */
  instead({ text, dialect, recorded }: Prompt, first: boolean): Prompt | undefined {
    const name = this.#byWords.get(`${dialect}\0${plain(text)}`);
    if (name !== undefined && name !== recorded) return { text, dialect, recorded: name };
    return first && recorded !== 'voice-trouble' ? this.house('voice-trouble', dialect) : undefined;
  }

  /** What the house may have to speak itself, because nobody recorded it in these dialects. */
  unrecorded(dialects: readonly string[]): Prompt[] {
    return dialects.flatMap((dialect) =>
      housePrompts.flatMap((name) => {
        const prompt = this.house(name, dialect);
        return prompt === undefined || this.#files.has(`${prompt.dialect}/${name}`) ? [] : [prompt];
      }),
    );
  }
}

function nearest(dialect: string): readonly string[] {
  return [dialect, ...(isDialectId(dialect) ? fallbackChain(dialect) : [])];
}

/** No recording differs from a sentence by its commas. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
}

async function recordingsIn(dir: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const folders = await readdir(dir, { withFileTypes: true }).catch(() => []);
  for (const folder of folders.filter((entry) => entry.isDirectory())) {
    for (const file of await readdir(join(dir, folder.name)).catch(() => [])) {
      if (extname(file) !== '.wav') continue;
      files.set(`${folder.name}/${basename(file, '.wav')}`, join(dir, folder.name, file));
    }
  }
  return files;
}

/** One that is wrong is told by the dialplan library. */
async function manifestIn(dir: string): Promise<Map<string, NonNullable<ReturnType<PromptManifest['get']>>>> {
  const text = await readFile(join(dir, manifestFile), 'utf8').catch(() => undefined);
  if (text === undefined) return new Map();
  const result = compilePromptManifest(text, manifestFile);
  return result.ok ? new Map(result.manifest) : new Map();
}
