import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { errorCode } from '../core/errors.js';
import { engineProblems } from './check-engines.js';
import { problemsOf } from './check.js';
import type { Problem } from './check.js';
import { closestWord } from './closest-word.js';
import { configError } from './errors.js';
import { defaultTree, fields, freeze, getAt, setAt } from './fields.js';
import type { Field, Tree } from './fields.js';
import type { Config } from './schema.js';

export interface ConfigSources {
  /** `--config`. Default: XIANGYIN_CONFIG, else `xiangyin.yaml` in `cwd` if it is there. */
  readonly file?: string;
  /** The process's environment; only `XIANGYIN_*` is looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From the command line, by option: `{ 'http.listen': '127.0.0.1:0', dataDir: '/tmp/x' }`; undefined is not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Against which relative paths of flags and variables, and those of the file if there is none, are resolved. */
  readonly cwd: string;
}

/** One place from which options come, with the folder that its relative paths start from. */
interface Source {
  readonly tree: Tree;
  readonly baseDir: string;
  /** How a problem with these keys is announced: `xiangyin.yaml:12`, `XIANGYIN_HTTP_LISTEN`. */
  readonly place: (keys: readonly string[]) => string;
  /** Problems that only this kind of source has. */
  readonly problems: readonly string[];
}

const defaultFile = 'xiangyin.yaml';
/** Variables that belong to us and are no options. */
const otherVariables = ['XIANGYIN_CONFIG'];

/**
 * Reads the configuration: defaults, then the file, then `XIANGYIN_*` variables, then flags, each over the one before.
 * Rejects with CONFIG_INVALID that lists everything wrong, one per line, each with its place and what to write;
 * CONFIG_FILE_UNREADABLE; CONFIG_DAEMONS_INCOMPLETE.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const { env, flags = {}, cwd } = sources;
  const file = await readSource(sources.file ?? env['XIANGYIN_CONFIG'], cwd);
  const given = [file, environmentSource(env, cwd, tokenVariables(file.tree)), flagSource(flags, cwd)];
  const problems = given.flatMap((source) => [
    ...source.problems,
    ...problemsOf(source.tree).map((problem) => describe(source, problem)),
  ]);
  if (problems.length > 0) throw configError('CONFIG_INVALID', { problems: problems.join('\n') });

  const merged: Source[] = [
    { tree: defaultTree(), baseDir: file.baseDir, place: () => '', problems: [] },
    ...given,
  ];
  const tree: Tree = {};
  for (const field of fields) {
    for (const source of merged) {
      const value = getAt(source.tree, field.path);
      if (value === undefined) continue;
      setAt(tree, field.path, withPaths(field, value, source.baseDir));
    }
  }
  addTokens(tree, env);
  const config = freeze(tree) as unknown as Config;
  checkDaemons(config);
  const wrong = engineProblems(config.speech);
  if (wrong.length > 0) throw configError('CONFIG_INVALID', { problems: wrong.join('\n') });
  return config;
}

/** What stands in variables is read here, where the environment is known; files are read when the engine is opened. */
function addTokens(tree: Tree, env: ConfigSources['env']): void {
  const engines = getAt(tree, 'speech.engines') as Tree[];
  const withTokens = engines.map((engine) => {
    const token = env[String(engine['tokenVariable'])];
    return token === undefined || token === '' ? engine : { ...engine, token };
  });
  setAt(tree, 'speech.engines', withTokens);
}

/** The value with its files and folders absolute. */
function withPaths(field: Field, value: unknown, baseDir: string): unknown {
  if (field.isPath) return resolve(baseDir, value as string);
  if (field.entryPaths === undefined) return value;
  return (value as readonly Tree[]).map((entry) => {
    const paths = field.entryPaths?.filter((key) => entry[key] !== undefined) ?? [];
    const resolved = paths.map((key) => [key, resolve(baseDir, String(entry[key]))]);
    return { ...entry, ...Object.fromEntries(resolved) };
  });
}

function checkDaemons({ drachtio, freeswitch }: Config): void {
  if (drachtio.url.length > 0 === freeswitch.url.length > 0) return;
  const [given, missing] =
    drachtio.url.length > 0 ? ['drachtio.url', 'freeswitch.url'] : ['freeswitch.url', 'drachtio.url'];
  throw configError('CONFIG_DAEMONS_INCOMPLETE', { given, missing });
}

function describe(source: Source, { keys, message }: Problem): string {
  const place = source.place(keys);
  return place === '' ? message : `${place}: ${message}`;
}

async function readSource(named: string | undefined, cwd: string): Promise<Source> {
  const path = resolve(cwd, named ?? defaultFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (named === undefined && errorCode(error) === 'ENOENT') {
      return { tree: {}, baseDir: cwd, place: () => '', problems: [] };
    }
    throw configError('CONFIG_FILE_UNREADABLE', { file: path, reason: errorCode(error) }, error);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  const shown = named !== undefined && !isAbsolute(named) ? named : path;
  const lineOf = (offset: number) => lines.linePos(offset).line;
  const baseDir = dirname(path);
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      (error) => `${shown}:${lineOf(error.pos[0])}: ${error.message.split('\n')[0] ?? error.code}`,
    );
    return { tree: {}, baseDir, place: () => '', problems };
  }
  const place = (keys: readonly string[]) => `${shown}:${lineOf(offsetOf(document, keys))}`;
  let root: unknown;
  try {
    root = document.toJS() ?? {};
  } catch (error) {
    // Aliases that multiply beyond reason.
    throw configError('CONFIG_FILE_UNREADABLE', { file: path, reason: errorCode(error) }, error);
  }
  if (typeof root !== 'object' || Array.isArray(root)) {
    return {
      tree: {},
      baseDir,
      place,
      problems: [`${shown}:1: the file must be a list of options, name: value`],
    };
  }
  // An option or section with nothing after the colon is one that was left out.
  const tree = withoutNulls(root as Tree);
  for (const field of fields) {
    const value = getAt(tree, field.path);
    if (isWordList(field) && typeof value === 'string') setAt(tree, field.path, [value]);
  }
  return { tree, baseDir, place, problems: [] };
}

/** Where the key that `keys` lead to is written; of a list's entry, the entry. */
function offsetOf(document: Document, keys: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    if (isSeq(node)) {
      const entry = node.items[Number(key)];
      if (isNode(entry)) offset = entry.range?.[0] ?? offset;
      node = entry;
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      break;
    }
  }
  return offset;
}

function withoutNulls(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isTree(value) ? withoutNulls(value) : value]),
  );
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Variables that the file names as places of secrets: they may be called as ours are. */
function tokenVariables(tree: Tree): string[] {
  const engines = getAt(tree, 'speech.engines');
  if (!Array.isArray(engines)) return [];
  return engines.flatMap((engine: unknown) => {
    const name = isTree(engine) ? engine['tokenVariable'] : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}

function environmentSource(env: ConfigSources['env'], cwd: string, others: readonly string[]): Source {
  const tree: Tree = {};
  const problems: string[] = [];
  const byVariable = new Map(fields.map((field) => [field.variable, field]));
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !variable.startsWith('XIANGYIN_')) continue;
    if (otherVariables.includes(variable) || others.includes(variable)) continue;
    const field = byVariable.get(variable);
    if (field === undefined) {
      const near = closestWord(variable, [...byVariable.keys()]);
      problems.push(
        `${variable}: there is no such variable${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    } else {
      // An empty variable is how shells and compose files unset one.
      if (text !== '') setAt(tree, field.path, coerce(field, text));
    }
  }
  const place = (keys: readonly string[]) =>
    fields.find((field) => keys.join('.').startsWith(field.path))?.variable ?? '';
  return { tree, baseDir: cwd, place, problems };
}

function flagSource(flags: Readonly<Record<string, unknown>>, cwd: string): Source {
  const tree: Tree = {};
  const byPath = new Map(fields.map((field) => [field.path, field]));
  for (const [path, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const field = byPath.get(path);
    setAt(tree, path, field !== undefined && typeof value === 'string' ? coerce(field, value) : value);
  }
  return { tree, baseDir: cwd, place: () => 'command line', problems: [] };
}

/** Text as the option's type; what does not fit is left as text for the check to refuse. */
function coerce(field: Field, text: string): unknown {
  switch (field.type) {
    case 'integer':
      return /^-?\d+$/.test(text.trim()) ? Number(text) : text;
    case 'boolean':
      return ['true', '1', 'yes'].includes(text) ? true : ['false', '0', 'no'].includes(text) ? false : text;
    case 'array':
      if (!isWordList(field)) return parsed(text);
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    case 'string':
      return text;
  }
}

function isWordList({ type, entryPaths }: Field): boolean {
  return type === 'array' && entryPaths === undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
