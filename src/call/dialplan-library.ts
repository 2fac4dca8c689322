import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import type { Dialplan } from '../dialog/dialplan.js';
import { compileDialplanSet, type SourceFile } from '../dialog/dialplan-set.js';
import { findDialplan, type NumberRules } from '../dialog/number-rules.js';
import { renderProblem } from '../dialog/problem.js';
import { callError } from './errors.js';

export interface DialplanLibraryOptions {
  /** Folder of the dialplans, `*.yaml`. */
  readonly dialplanDir: string;
  /** The rules that lead a called number to a dialplan. */
  readonly numbersFile: string;
  /** Folder of the recorded prompts, with `manifest.yaml`. */
  readonly audioPromptsDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a load found, for whoever asked for it. */
export interface LoadReport {
  /** Problems of severity error and warning, rendered with file, line and the line itself. */
  readonly problems: readonly string[];
  readonly errors: number;
  readonly dialplans: readonly string[];
}

/** An editor writes a file in several steps; the last is waited for, ms. */
const settleMs = 150;

/** What leads a call to its dialplan. */
export interface CallFacts {
  readonly called: string;
  readonly calling: string;
  /** Undefined: by none of ours. */
  readonly trunk: string | undefined;
}

export interface FoundDialplan {
  readonly dialplan: Dialplan;
  /** Undefined: the dialplan's first. */
  readonly dialect: string | undefined;
  /** Whether the rule takes calls of certain trunks only. */
  readonly namesTrunk: boolean;
}

interface Loaded {
  readonly dialplans: ReadonlyMap<string, Dialplan>;
  readonly rules: NumberRules;
}

/**
 * The dialplans that calls use. A load that finds an error changes nothing: the running version stays until the files
 * are right again. A call keeps the version it began with.
 */
export class DialplanLibrary {
  #loaded: Loaded = { dialplans: new Map(), rules: [] };
  #watchers: FSWatcher[] = [];
  #settle: Timer | undefined;
  #loads = 0;
  #closed = false;

  constructor(private readonly options: DialplanLibraryOptions) {}

  get dialplans(): readonly Dialplan[] {
    return [...this.#loaded.dialplans.values()];
  }

  /** Reads and checks all files; takes them if none has an error. Rejects only if a folder cannot be read. */
  async load(): Promise<LoadReport> {
    const load = ++this.#loads;
    const { dialplanDir, numbersFile, audioPromptsDir } = this.options;
    const names = (await readdir(dialplanDir)).filter((entry) => /\.ya?ml$/.test(entry)).sort();
    const sources = {
      dialplans: await Promise.all(names.map((name) => source(join(dialplanDir, name)))),
      numbers: await source(numbersFile),
      manifest: await source(join(audioPromptsDir, 'manifest.yaml')).catch(() => undefined),
    };
    const { dialplans, rules, problems } = compileDialplanSet(sources);
    const texts = new Map(
      [...sources.dialplans, sources.numbers, sources.manifest].map((file) => [file?.file, file?.text]),
    );
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    // A load that was overtaken read older files.
    if (errors === 0 && rules !== undefined && load === this.#loads) this.#loaded = { dialplans, rules };
    return {
      problems: problems.map((problem) => renderProblem(problem, texts.get(problem.file))),
      errors,
      dialplans: [...dialplans.keys()],
    };
  }

  /** {@link load} for the start: rejects CALL_DIALPLANS_BROKEN with every problem and its place. */
  async loadOrFail(): Promise<LoadReport> {
    const report = await this.load();
    if (report.errors > 0) {
      throw callError('CALL_DIALPLANS_BROKEN', {
        count: report.errors,
        problems: report.problems.join('\n'),
      });
    }
    return report;
  }

  /** The dialplan for a call. Throws CALL_NO_DIALPLAN (404) or CALL_DIALPLAN_MISSING. */
  find(facts: CallFacts): FoundDialplan {
    const rule = findDialplan(this.#loaded.rules, facts);
    if (rule === undefined) throw callError('CALL_NO_DIALPLAN');
    const dialplan = this.#loaded.dialplans.get(rule.dialplan);
    if (dialplan === undefined) throw callError('CALL_DIALPLAN_MISSING', { dialplan: rule.dialplan });
    return { dialplan, dialect: rule.dialect, namesTrunk: rule.trunk !== undefined };
  }

  /** For a call that we place. Throws CALL_DIALPLAN_UNKNOWN. */
  named(name: string): Dialplan {
    const dialplan = this.#loaded.dialplans.get(name);
    if (dialplan === undefined)
      throw callError('CALL_DIALPLAN_UNKNOWN', {
        dialplan: name,
        known: [...this.#loaded.dialplans.keys()].join(', '),
      });
    return dialplan;
  }

  /** Loads again whenever a file is saved, and tells what came of it. */
  watch(loaded: (report: LoadReport) => void): void {
    const changed = (): void => {
      this.#settle?.cancel();
      this.#settle = this.options.clock.after(settleMs, () => {
        if (this.#closed) return;
        this.load().then(
          (report) => {
            if (!this.#closed) loaded(report);
          },
          (error: unknown) =>
            this.options.logger.error(
              { code: errorCode(error) },
              'the dialplans could not be read; the running ones stay',
            ),
        );
      });
    };
    const unwatched = (path: string): void =>
      this.options.logger.warn({ path }, 'cannot watch: changes there need a reload');
    // An editor replaces a file when it saves: the folder is watched, since a watch on the file would see it once.
    for (const path of new Set([
      this.options.dialplanDir,
      dirname(this.options.numbersFile),
      this.options.audioPromptsDir,
    ])) {
      try {
        const watcher = watch(path, changed);
        watcher.on('error', () => unwatched(path));
        this.#watchers.push(watcher);
      } catch {
        unwatched(path);
      }
    }
  }

  /** Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#settle?.cancel();
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}

async function source(path: string): Promise<SourceFile> {
  return { file: shown(path), text: await readFile(path, 'utf8') };
}

/** As short as it can be and still be opened from where the user stands. */
function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
