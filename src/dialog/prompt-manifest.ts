import { dialectIds, isDialectId } from '../dialect/catalogue.js';
import { sortProblems, type Problem } from './problem.js';
import { compileSchema, schemaProblems } from './schema-problems.js';
import { advice } from './suggest.js';
import { parseYaml } from './yaml-file.js';

/** What one recording says. */
export type ManifestEntry =
  /** Words by dialect: what is in the file of that dialect's folder, and what is spoken if the file is missing. */
  | { readonly kind: 'words'; readonly words: Readonly<Record<string, string>> }
  /** No words (a chime, music): the same in every dialect; silent if the file is missing. */
  | { readonly kind: 'sound'; readonly description: string };

/** Recordings by name. */
export type PromptManifest = ReadonlyMap<string, ManifestEntry>;

export type ManifestResult =
  | { readonly ok: true; readonly manifest: PromptManifest; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const schema = {
  type: 'object',
  title: 'the manifest',
  additionalProperties: false,
  required: ['prompts'],
  properties: {
    prompts: {
      type: 'object',
      title: 'a map of recording name to its words',
      additionalProperties: {
        type: 'object',
        title: 'a recording: {cmn: words, yue: words} or {sound: what is heard}',
        minProperties: 1,
        additionalProperties: { type: 'string', minLength: 1, title: 'words' },
      },
    },
  },
};
const validate = compileSchema(schema);

/** Compiles `audio-prompts/manifest.yaml`. */
export function compilePromptManifest(text: string, file: string): ManifestResult {
  const yaml = parseYaml(text, file);
  if (yaml.problems.some((p) => p.severity === 'error'))
    return { ok: false, problems: sortProblems(yaml.problems) };
  const problems = [...yaml.problems, ...schemaProblems(validate, yaml)];
  if (problems.some((p) => p.severity === 'error')) return { ok: false, problems: sortProblems(problems) };
  const manifest = new Map<string, ManifestEntry>();
  const { prompts } = yaml.value as { prompts: Readonly<Record<string, Readonly<Record<string, string>>>> };
  for (const [name, entry] of Object.entries(prompts)) {
    const path = ['prompts', name];
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
      problems.push(
        yaml.problem('error', path, `'${name}' is no file name: use small letters, digits and -`, 'key'),
      );
    }
    const { sound, ...words } = entry;
    if (sound !== undefined && Object.keys(words).length > 0) {
      problems.push(yaml.problem('error', path, `a sound has no words: remove 'sound' or the words`, 'key'));
    }
    for (const id of Object.keys(words).filter((key) => !isDialectId(key))) {
      const hint = advice(id, [...dialectIds, 'sound'], 'dialects are');
      problems.push(yaml.problem('error', [...path, id], `'${id}' is no dialect${hint}`, 'key'));
    }
    manifest.set(
      name,
      sound === undefined ? { kind: 'words', words } : { kind: 'sound', description: sound },
    );
  }
  const sorted = sortProblems(problems);
  return sorted.some((p) => p.severity === 'error')
    ? { ok: false, problems: sorted }
    : { ok: true, manifest, warnings: sorted };
}

/**
 * Compares the manifest with the recordings that are there.
 *
 * @param recordings paths below audio-prompts, `<dialect>/<name>.wav`
 * @param file the manifest's file name, for the problems
 */
export function checkRecordings(
  manifest: PromptManifest,
  recordings: readonly string[],
  file: string,
): Problem[] {
  const problems: Problem[] = [];
  const warn = (message: string, path: string): void => {
    problems.push({ severity: 'warning', file, line: 1, column: 1, message, path });
  };
  for (const recording of recordings) {
    const [, dialect = '', name = ''] = /^([^/]+)\/([^/]+)\.wav$/.exec(recording) ?? [];
    const entry = manifest.get(name);
    if (!isDialectId(dialect)) {
      warn(`${recording} is in no dialect's folder${advice(dialect, dialectIds, 'dialects are')}`, recording);
    } else if (entry === undefined) {
      warn(`${recording} is not in the manifest${advice(name, [...manifest.keys()], 'it has')}`, recording);
    } else if (entry.kind === 'words' && entry.words[dialect] === undefined) {
      warn(`${recording}: add the words for '${dialect}' to '${name}' in the manifest`, recording);
    }
  }
  return problems;
}
