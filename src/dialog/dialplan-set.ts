import { compileDialplan } from './compile-dialplan.js';
import type { Dialplan } from './dialplan.js';
import { compileNumberRules, type NumberRules } from './number-rules.js';
import type { Problem } from './problem.js';
import { compilePromptManifest, type PromptManifest } from './prompt-manifest.js';
import { closest } from './suggest.js';

/** A file as it was read: name for people, and text. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** The files that decide together what happens to a call. */
export interface DialplanSources {
  /** `dialplans/*.yaml`. */
  readonly dialplans: readonly SourceFile[];
  /** `sip-config/numbers.yaml`. */
  readonly numbers: SourceFile | undefined;
  /** `audio-prompts/manifest.yaml`. */
  readonly manifest: SourceFile | undefined;
  /** The intents of each set that there is; without it they are not checked. */
  readonly intentSets?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What could be compiled, and everything that is wrong; a faulty file is missing from the result. */
export interface DialplanSet {
  /** By the `name:` in the file. */
  readonly dialplans: ReadonlyMap<string, Dialplan>;
  /** Undefined when the file is faulty or not there. */
  readonly rules: NumberRules | undefined;
  readonly manifest: PromptManifest | undefined;
  /** Errors and warnings, file by file. */
  readonly problems: readonly Problem[];
}

/** Compiles all files, and checks what each says of the others (names of dialplans, dialects, recordings). */
export function compileDialplanSet(sources: DialplanSources): DialplanSet {
  const problems: Problem[] = [];
  const manifest = readManifest(sources.manifest, problems);
  const dialplans = new Map<string, Dialplan>();
  // A rule for a dialplan that is there but faulty is not told a second time.
  const speaks = new Map<string, readonly string[]>();
  const faulty: string[] = [];
  for (const { file, text } of sources.dialplans) {
    const { intentSets } = sources;
    const result = compileDialplan(text, file, {
      ...(manifest !== undefined && { manifest }),
      ...(intentSets !== undefined && { intentSets }),
    });
    problems.push(...(result.ok ? result.warnings : result.problems));
    if (!result.ok) {
      const name = /^name:\s*['"]?([A-Za-z0-9_-]+)/m.exec(text)?.[1];
      if (name !== undefined) faulty.push(name);
      continue;
    }
    const { name, dialects } = result.dialplan;
    const other = dialplans.get(name);
    if (other === undefined) {
      dialplans.set(name, result.dialplan);
      speaks.set(name, dialects);
    } else {
      const line =
        1 +
        (/^name:/m.exec(text) === null ? 0 : text.slice(0, text.search(/^name:/m)).split('\n').length - 1);
      const message = `'${name}' is already the name of ${other.file}: give each dialplan its own name`;
      problems.push({ severity: 'error', file, line, column: 1, message, path: 'name' });
    }
  }
  return { dialplans, rules: readRules(sources.numbers, speaks, faulty, problems), manifest, problems };
}

function readManifest(source: SourceFile | undefined, problems: Problem[]): PromptManifest | undefined {
  if (source === undefined) return undefined;
  const result = compilePromptManifest(source.text, source.file);
  problems.push(...(result.ok ? result.warnings : result.problems));
  return result.ok ? result.manifest : undefined;
}

function readRules(
  source: SourceFile | undefined,
  speaks: ReadonlyMap<string, readonly string[]>,
  faulty: readonly string[],
  problems: Problem[],
): NumberRules | undefined {
  if (source === undefined) return undefined;
  const checked = compileNumberRules(source.text, source.file, { dialplans: speaks });
  if (checked.ok) {
    problems.push(...checked.warnings);
    return checked.rules;
  }
  const own = checked.problems.filter((p) => {
    const name = /^there is no dialplan '([^']*)'/.exec(p.message)?.[1];
    return name === undefined || closest(name, faulty) !== name;
  });
  problems.push(...own);
  if (own.some((p) => p.severity === 'error')) return undefined;
  // Only rules for faulty dialplans were wrong: the rest of the numbers stay as they are.
  const unchecked = compileNumberRules(source.text, source.file);
  return unchecked.ok ? unchecked.rules : undefined;
}
