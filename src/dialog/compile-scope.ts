import type { SlotType } from '../dialect/slots/slot-value.js';
import type { Answer, DialplanPrompt, Template } from './dialplan.js';
import { builtInVariables } from './dialplan.js';
import type { Path, Problem } from './problem.js';
import type { PromptManifest } from './prompt-manifest.js';
import { advice } from './suggest.js';
import { parseTemplate, variablesOf } from './template.js';
import type { YamlFile } from './yaml-file.js';

/** Where a prompt is written, and how its lack of a dialect is to be judged. */
export interface PromptPlace {
  readonly path: Path;
  /** Says itself in which one dialect it is (`{text, dialect}`), so that no other is missed. */
  readonly fixed: boolean;
}

/** What the readers of one file's parts share: the file, its names, and the list of what is wrong. */
export class CompileScope {
  readonly problems: Problem[] = [];
  /** Named prompts, compiled. */
  readonly prompts = new Map<string, readonly DialplanPrompt[]>();
  readonly usedPrompts = new Set<string>();
  readonly places = new Map<DialplanPrompt, PromptPlace>();
  /** Set of intents that the dialplan names. */
  intentSet: string | undefined;
  /** The intents of each set that there is; undefined: nobody knows. */
  intentSets: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** How yes and no are given; keys as everybody is used to. */
  answers: Readonly<Record<'yes' | 'no', Answer>> = {
    yes: { key: '1', phrases: {} },
    no: { key: '2', phrases: {} },
  };
  /** What the variables hold that are asked for. */
  slotOf: ReadonlyMap<string, SlotType | 'text'> = new Map();

  constructor(
    readonly yaml: YamlFile,
    /** Dialects that a call can be in, the default first. */
    readonly dialects: readonly string[],
    readonly variables: ReadonlySet<string>,
    readonly manifest: PromptManifest | undefined,
  ) {}

  get defaultDialect(): string {
    return this.dialects[0] ?? '';
  }

  error(path: Path, message: string, at?: 'key' | 'value'): void {
    this.problems.push(this.yaml.problem('error', path, message, at));
  }

  warn(path: Path, message: string, at?: 'key' | 'value'): void {
    this.problems.push(this.yaml.problem('warning', path, message, at));
  }

  /** Reads a text with `{{variable}}` in it; every variable must be one that is set somewhere. */
  template(text: string, path: Path): Template {
    const { template, problems } = parseTemplate(text);
    for (const problem of problems) this.error(path, problem);
    for (const name of variablesOf(template)) this.variable(name, path);
    // A value is read back in words without the admin's saying so.
    return template.map((part) => {
      const slot =
        part.kind === 'variable' && part.format === 'auto' ? this.slotOf.get(part.name) : undefined;
      return part.kind === 'variable' && (slot === 'amount' || slot === 'date' || slot === 'time')
        ? { ...part, format: slot }
        : part;
    });
  }

  /** Reports a variable that nothing sets. */
  variable(name: string, path: Path): void {
    if (this.variables.has(name)) return;
    const known = [...this.variables].filter((v) => !(builtInVariables as readonly string[]).includes(v));
    this.error(
      path,
      `nothing sets the variable '${name}'${advice(name, [...known, ...builtInVariables], 'known variables')}`,
    );
  }
}
