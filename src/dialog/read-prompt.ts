import { dialectIds, fallbackChain, isDialectId } from '../dialect/catalogue.js';
import type { CompileScope } from './compile-scope.js';
import type { DialplanPrompt, Wording } from './dialplan.js';
import { namePattern } from './dialplan-schema.js';
import type { Path } from './problem.js';
import { advice, closest } from './suggest.js';

const nameShape = new RegExp(namePattern);

/**
 * Reads what stands after `prompt:` in any of its written forms. A single word without punctuation is the name of a
 * prompt, anything else is words; within the list of prompts itself (`named` false) every text is words.
 */
export function readPrompts(
  scope: CompileScope,
  raw: unknown,
  path: Path,
  named = true,
): readonly DialplanPrompt[] {
  if (Array.isArray(raw))
    return raw.flatMap((item, index) => readPrompts(scope, item, [...path, index], named));
  if (typeof raw === 'string') {
    return named && nameShape.test(raw) ? byName(scope, raw, path) : plainText(scope, raw, path);
  }
  if (typeof raw !== 'object' || raw === null) {
    scope.error(path, `a prompt is words: put them in quotes`);
    return [];
  }
  const map = raw as Readonly<Record<string, unknown>>;
  const isForm = ['text', 'file', 'dialect'].some((key) => Object.hasOwn(map, key));
  return isForm ? oneForm(scope, map, path) : perDialect(scope, map, path);
}

function byName(scope: CompileScope, name: string, path: Path): readonly DialplanPrompt[] {
  const prompts = scope.prompts.get(name);
  if (prompts !== undefined) {
    scope.usedPrompts.add(name);
    return prompts;
  }
  const best = closest(name, [...scope.prompts.keys()]);
  const hint =
    best === undefined
      ? `define it under prompts, or if it is the words themselves write {text: ${name}}`
      : `did you mean '${best}'?`;
  scope.error(path, `there is no prompt named '${name}'; ${hint}`);
  return [];
}

function plainText(scope: CompileScope, text: string, path: Path): readonly DialplanPrompt[] {
  if (text.trim() === '') {
    scope.error(path, 'this prompt has no words: write them, or remove it');
    return [];
  }
  const words = scope.template(text, path);
  // Nothing but variables and digits is the same in every dialect.
  const anyDialect = !words.some((part) => part.kind === 'text' && /\p{L}/u.test(part.text));
  const dialects = anyDialect ? scope.dialects : [scope.defaultDialect];
  const wording: Wording = { words, recorded: undefined };
  return [place(scope, Object.fromEntries(dialects.map((d) => [d, wording])), path, false)];
}

/** `{text: ..., dialect: ...}`, `{file: ...}`, `{file: ..., text: {cmn: ..., yue: ...}}`. */
function oneForm(
  scope: CompileScope,
  map: Readonly<Record<string, unknown>>,
  path: Path,
): readonly DialplanPrompt[] {
  if (!onlyKeys(scope, map, ['text', 'file', 'dialect'], path)) return [];
  const { text, file, dialect } = map;
  if (dialect !== undefined && (typeof dialect !== 'string' || !isDialectId(dialect))) {
    unknownDialect(scope, String(dialect), [...path, 'dialect']);
    return [];
  }
  if (file !== undefined && (typeof file !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(file))) {
    scope.error(
      [...path, 'file'],
      `write the recording's name without folder and .wav, e.g. {file: opening-hours}`,
    );
    return [];
  }
  if (text === undefined && file === undefined) {
    scope.error(path, `a prompt with 'dialect' also needs 'text' (or 'file')`);
    return [];
  }
  const texts = textByDialect(scope, text, dialect, [...path, 'text']);
  const byDialect: Record<string, Wording> = {};
  for (const [d, words] of Object.entries(texts)) {
    byDialect[d] = { words: scope.template(words, [...path, 'text']), recorded: file };
  }
  if (file !== undefined && text === undefined) {
    for (const [d, words] of Object.entries(recordedWords(scope, file, dialect, [...path, 'file']))) {
      byDialect[d] = { words: words === '' ? [] : [{ kind: 'text', text: words }], recorded: file };
    }
  }
  if (Object.keys(byDialect).length === 0) return [];
  return [place(scope, byDialect, path, dialect !== undefined)];
}

function textByDialect(
  scope: CompileScope,
  text: unknown,
  dialect: string | undefined,
  path: Path,
): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  if (typeof text === 'string') return { [dialect ?? scope.defaultDialect]: text };
  if (typeof text === 'object' && text !== null && !Array.isArray(text)) {
    const entries = Object.entries(text).filter(([key, value]) => dialectText(scope, key, value, path));
    return Object.fromEntries(entries) as Record<string, string>;
  }
  scope.error(path, 'the words of a prompt are a text: put them in quotes');
  return {};
}

/** The words of a recording, from the manifest: per dialect, empty for a sound. */
function recordedWords(
  scope: CompileScope,
  file: string,
  dialect: string | undefined,
  path: Path,
): Readonly<Record<string, string>> {
  const wanted = dialect === undefined ? scope.dialects : [dialect];
  if (scope.manifest === undefined) return Object.fromEntries(wanted.map((d) => [d, '']));
  const entry = scope.manifest.get(file);
  if (entry === undefined) {
    const names = [...scope.manifest.keys()];
    scope.error(path, `audio-prompts/manifest.yaml has no '${file}'${advice(file, names, 'it has')}`);
    return {};
  }
  if (entry.kind === 'sound') return Object.fromEntries(wanted.map((d) => [d, '']));
  const found: Record<string, string> = {};
  for (const d of wanted) {
    const source = fallbackChain(d).find((id) => entry.words[id] !== undefined);
    if (source !== undefined) found[source] = entry.words[source] ?? '';
  }
  if (Object.keys(found).length === 0) {
    scope.error(
      path,
      `the recording '${file}' has no words for ${wanted.join(', ')} in audio-prompts/manifest.yaml`,
    );
  }
  return found;
}

/** `{cmn: ..., yue: ...}`; each may be words or `{text: ..., file: ...}`. */
function perDialect(
  scope: CompileScope,
  map: Readonly<Record<string, unknown>>,
  path: Path,
): readonly DialplanPrompt[] {
  const byDialect: Record<string, Wording> = {};
  for (const [id, value] of Object.entries(map)) {
    const here = [...path, id];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      if (!isDialectId(id)) {
        unknownDialect(scope, id, here, 'key');
        continue;
      }
      const [prompt] = oneForm(scope, { ...(value as object), dialect: id }, here);
      const wording = prompt?.byDialect[id];
      if (wording !== undefined) byDialect[id] = wording;
    } else if (dialectText(scope, id, value, path)) {
      byDialect[id] = { words: scope.template(value as string, here), recorded: undefined };
    }
    if (byDialect[id] !== undefined && !scope.dialects.some((d) => fallbackChain(d).includes(id))) {
      const can = scope.dialects.join(', ');
      scope.warn(
        here,
        `no call in this dialplan can be in '${id}' (only ${can}): add it to dialects, or remove it`,
        'key',
      );
    }
  }
  if (Object.keys(byDialect).length === 0) {
    if (Object.keys(map).length === 0)
      scope.error(path, 'this prompt has no words: write them, or remove it');
    return [];
  }
  return [place(scope, byDialect, path, false)];
}

function dialectText(scope: CompileScope, id: string, value: unknown, path: Path): boolean {
  if (!isDialectId(id)) {
    unknownDialect(scope, id, [...path, id], 'key');
    return false;
  }
  if (typeof value !== 'string' || value.trim() === '') {
    scope.error([...path, id], `write the words for '${id}' here, in quotes`);
    return false;
  }
  return true;
}

export function unknownDialect(scope: CompileScope, id: string, path: Path, at?: 'key' | 'value'): void {
  const forms = at === 'key' ? ['text', 'file', 'dialect'] : [];
  const hint = advice(id, [...scope.dialects, ...dialectIds, ...forms], 'dialects are');
  scope.error(path, `'${id}' is no dialect${hint}`, at);
}

function onlyKeys(
  scope: CompileScope,
  map: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  path: Path,
): boolean {
  const unknown = Object.keys(map).filter((key) => !keys.includes(key));
  for (const key of unknown) {
    scope.error(
      [...path, key],
      `unknown key '${key}' in a prompt${advice(key, keys, 'allowed here')}`,
      'key',
    );
  }
  return unknown.length === 0;
}

function place(
  scope: CompileScope,
  byDialect: Record<string, Wording>,
  path: Path,
  fixed: boolean,
): DialplanPrompt {
  const prompt = { byDialect };
  scope.places.set(prompt, { path, fixed });
  return prompt;
}
