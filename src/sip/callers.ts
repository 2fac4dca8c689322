import type { AdmissionStep, InviteFacts } from './admission.js';
import { compileCallerRules, type CallerRule } from './caller-rules.js';
import { sipError } from './errors.js';
import { readRulesFile, shownPath, type RulesReport } from './rules-file.js';

/** Who is blocked and who is favoured, by the ordered rules of a file; the first that fits counts. */
export class Callers {
  #rules: readonly CallerRule[] = [];

  /**
   * `file`: `sip-config/callers.yaml`; if it is not there, all are alike. `trunks`: the names of those that are loaded, for
   * warnings.
   */
  constructor(
    private readonly file: string,
    private readonly trunks?: () => readonly string[],
  ) {}

  /** Reads the file and takes it if it has no error. Never rejects. */
  async load(): Promise<RulesReport> {
    const { report, result, isAbsent } = await readRulesFile(this.file, (text, file) =>
      compileCallerRules(text, file, this.trunks?.()),
    );
    if (isAbsent) this.#rules = [];
    else if (result?.ok === true) this.#rules = result.rules;
    return report;
  }

  /** {@link load} for the start: rejects SIP_CALLERS_BROKEN with every problem and its place. */
  async loadOrFail(): Promise<RulesReport> {
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
        reason: `the rule in line ${rule.line} of ${shownPath(this.file)} blocks this caller${why}`,
      };
    },
  };

  #find(invite: InviteFacts): CallerRule | undefined {
    return this.#rules.find((rule) => rule.fits(invite));
  }
}
