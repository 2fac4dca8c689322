import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { errorCode } from '../core/errors.js';
import { renderProblem } from '../dialog/problem.js';
import type { AdmissionStep, InviteFacts } from './admission.js';
import { compileCallerRules, type CallerRule } from './caller-rules.js';
import { sipError } from './errors.js';

/** What reading the file brought; with an error nothing was taken. */
export interface CallersReport {
  /** Rendered with file, line and the line itself. */
  readonly problems: readonly string[];
  readonly errors: number;
}

/** Who is blocked and who is favoured, by the ordered rules of a file; the first that fits counts. */
export class Callers {
  #rules: readonly CallerRule[] = [];

  /** `file`: `sip-config/callers.yaml`; if it is not there, all are alike. */
  constructor(private readonly file: string) {}

  /** Reads the file and takes it if it has no error. Never rejects. */
  async load(): Promise<CallersReport> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        const problem = `${this.#shown}: error: the file cannot be read (${errorCode(error)})`;
        return { problems: [problem], errors: 1 };
      }
      this.#rules = [];
      return { problems: [], errors: 0 };
    }
    const result = compileCallerRules(text, this.#shown);
    if (result.ok) this.#rules = result.rules;
    return {
      problems: result.problems.map((problem) => renderProblem(problem, text)),
      errors: result.problems.filter(({ severity }) => severity === 'error').length,
    };
  }

  /** {@link load} for the start: rejects SIP_CALLERS_BROKEN with every problem and its place. */
  async loadOrFail(): Promise<CallersReport> {
    const report = await this.load();
    if (report.errors > 0) {
      throw sipError('SIP_CALLERS_BROKEN', { count: report.errors, problems: report.problems.join('\n') });
    }
    return report;
  }

  isFavoured(invite: InviteFacts): boolean {
    return this.#find(invite)?.action === 'favour';
  }

  /** Refuses who is blocked, and says by which rule. */
  readonly step: AdmissionStep = {
    name: 'callers',
    check: (invite) => {
      const rule = this.#find(invite);
      if (rule?.action !== 'block') return undefined;
      const why = rule.reason === '' ? '' : `: ${rule.reason}`;
      return {
        status: rule.status,
        reason: `the rule in line ${rule.line} of ${this.#shown} blocks this caller${why}`,
      };
    },
  };

  #find(invite: InviteFacts): CallerRule | undefined {
    return this.#rules.find((rule) => rule.fits(invite));
  }

  /** As short as it can be and still be opened from where the user stands. */
  get #shown(): string {
    const short = relative(process.cwd(), this.file);
    return short.startsWith('..') ? this.file : short;
  }
}
