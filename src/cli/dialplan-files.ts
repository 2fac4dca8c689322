import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIntents } from '../dialect/read-intents.js';
import { dialectDataDir } from '../dialect-files.js';
import type { DialplanSources, SourceFile } from '../dialog/dialplan-set.js';

/** Where the shipped dialplans are, seen from dist/src/cli. */
const packageRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder with `dialplans/`: the one given, the current one, else the one that Xiangyin came with. */
export function projectFolder(given: string | undefined): string {
  if (given !== undefined) return given;
  return existsSync('dialplans') ? '.' : packageRoot;
}

/** Reads dialplans, number rules and manifest of a project folder; files that are not there are left out. */
export function readDialplanSources(folder: string): DialplanSources {
  const dialplanFolder = path.join(folder, 'dialplans');
  const names = existsSync(dialplanFolder)
    ? readdirSync(dialplanFolder).filter((n) => /\.ya?ml$/.test(n))
    : [];
  return {
    dialplans: names.sort().map((name) => readSource(path.join(dialplanFolder, name))),
    numbers: readIfThere(path.join(folder, 'sip-config', 'numbers.yaml')),
    manifest: readIfThere(path.join(folder, 'audio-prompts', 'manifest.yaml')),
    intentSets: readIntentSets(),
  };
}

/** The sets of intents that Xiangyin comes with, each with its intents. */
function readIntentSets(): ReadonlyMap<string, ReadonlySet<string>> {
  const folder = path.join(dialectDataDir, 'intents');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return new Map(
    files.map((file) => {
      const { intents = new Map<string, string>() } = readIntents(
        readFileSync(path.join(folder, file), 'utf8'),
        file,
      );
      return [path.basename(file, '.yaml'), new Set(intents.keys())];
    }),
  );
}

/** Recordings below `audio-prompts`, as `<dialect>/<name>.wav`. */
export function listRecordings(folder: string): string[] {
  const root = path.join(folder, 'audio-prompts');
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) =>
      readdirSync(path.join(root, entry.name))
        .filter((name) => name.endsWith('.wav'))
        .map((name) => `${entry.name}/${name}`),
    )
    .sort();
}

export function readSource(file: string): SourceFile {
  return { file: path.relative('.', file) || file, text: readFileSync(file, 'utf8') };
}

function readIfThere(file: string): SourceFile | undefined {
  return existsSync(file) ? readSource(file) : undefined;
}
