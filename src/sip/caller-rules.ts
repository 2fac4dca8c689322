import { BlockList } from 'node:net';
import { globMatches } from '../dialog/glob.js';
import { oneOrMore, textsOf, type OneOrMore } from '../dialog/one-or-more.js';
import { sortProblems, type Path, type Problem } from '../dialog/problem.js';
import { compileSchema, schemaProblems } from '../dialog/schema-problems.js';
import { advice } from '../dialog/suggest.js';
import { parseYaml } from '../dialog/yaml-file.js';
import { addAddressRange, inAddressRange } from './address-range.js';
import type { InviteFacts } from './admission.js';

/** `favour`: places kept for them, no limit of rate. `allow`: as everybody, but no rule below counts. */
export type CallerAction = 'block' | 'favour' | 'allow';

export interface CallerRule {
  readonly action: CallerAction;
  /** With which a blocked INVITE is refused. */
  readonly status: 403 | 404 | 603;
  /** Why, for people; empty if nobody said. */
  readonly reason: string;
  /** Line in the file. */
  readonly line: number;
  readonly fits: (invite: InviteFacts) => boolean;
}

export type CallerRulesResult =
  | { readonly ok: true; readonly rules: readonly CallerRule[]; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const validate = compileSchema({
  type: 'object',
  title: 'the list of callers',
  additionalProperties: false,
  required: ['callers'],
  properties: {
    callers: {
      type: 'array',
      title: 'a list of rules',
      items: {
        type: 'object',
        title: 'a rule',
        additionalProperties: false,
        required: ['action'],
        properties: {
          action: { type: 'string', enum: ['block', 'favour', 'allow'], title: 'an action' },
          calling: oneOrMore("a number or pattern ('+4420*'), or a list of them"),
          address: oneOrMore("an address or range ('192.0.2.0/24'), or a list of them"),
          trunk: oneOrMore('the name of a trunk, or a list of them'),
          anonymous: { type: 'boolean', enum: [true], title: 'true' },
          status: { type: 'integer', enum: [403, 404, 603], title: 'a status to refuse with' },
          reason: { type: 'string', minLength: 1, title: 'a text' },
        },
      },
    },
  },
});

interface Entry {
  readonly action: CallerAction;
  readonly calling?: OneOrMore;
  readonly address?: OneOrMore;
  readonly trunk?: OneOrMore;
  readonly anonymous?: true;
  readonly status?: 403 | 404 | 603;
  readonly reason?: string;
}

/**
 * Compiles `sip-config/callers.yaml`. Never throws; a file with warnings alone is used. `trunks`: the names that there are;
 * without them those of rules are not checked.
 */
export function compileCallerRules(
  text: string,
  file: string,
  trunks?: readonly string[],
): CallerRulesResult {
  const yaml = parseYaml(text, file);
  const problems = [...yaml.problems];
  const isBroken = (): boolean => problems.some(({ severity }) => severity === 'error');
  // An empty file, or one of comments alone.
  if (!isBroken() && yaml.value === null) return { ok: true, rules: [], problems };
  if (!isBroken()) problems.push(...schemaProblems(validate, yaml));
  if (isBroken()) return { ok: false, problems: sortProblems(problems) };
  const tell = (severity: Problem['severity'], path: Path, message: string): void =>
    void problems.push(yaml.problem(severity, path, message));
  const entries = (yaml.value as { callers: readonly Entry[] }).callers;
  for (const [index, { trunk }] of entries.entries()) {
    for (const name of textsOf(trunk) ?? []) {
      if (trunks === undefined || trunks.includes(name)) continue;
      const message = `there is no trunk '${name}': nobody fits this rule${advice(name, trunks, 'there are')}`;
      tell('warning', ['callers', index, 'trunk'], message);
    }
  }
  const rules = entries.map((entry, index) =>
    ruleOf(entry, ['callers', index], yaml.problem('warning', ['callers', index], '').line, tell),
  );
  const sorted = sortProblems(problems);
  return isBroken() ? { ok: false, problems: sorted } : { ok: true, rules, problems: sorted };
}

function ruleOf(
  entry: Entry,
  path: Path,
  line: number,
  tell: (severity: Problem['severity'], path: Path, message: string) => void,
): CallerRule {
  const { action, status = 603, reason = '' } = entry;
  if (entry.status !== undefined && action !== 'block') {
    tell('error', [...path, 'status'], `only 'block' refuses with a status: remove it`);
  }
  const conditions = conditionsOf(entry, path, tell);
  if (conditions.length === 0) {
    tell('error', path, `a rule needs 'calling', 'address', 'trunk' or 'anonymous': whom does it speak of?`);
  }
  if (action === 'favour' && entry.address === undefined && entry.trunk === undefined) {
    const message = `anybody can claim to have this number: add 'trunk' or 'address' to favour only whom it belongs to`;
    tell('warning', path, message);
  }
  return { action, status, reason, line, fits: (invite) => conditions.every((fits) => fits(invite)) };
}

type Condition = (invite: InviteFacts) => boolean;

function conditionsOf(
  { calling, address, trunk, anonymous }: Entry,
  path: Path,
  tell: (severity: Problem['severity'], path: Path, message: string) => void,
): readonly Condition[] {
  const conditions: Condition[] = [];
  if (anonymous === true) conditions.push((invite) => invite.isAnonymous);
  if (trunk !== undefined) {
    const names = new Set(textsOf(trunk));
    conditions.push(({ identity }) => identity.kind === 'trunk' && names.has(identity.trunk));
  }
  if (address !== undefined) {
    const ranges = new BlockList();
    for (const range of textsOf(address)) {
      if (addAddressRange(ranges, range)) continue;
      const message = `'${range}' is no address and no range: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`;
      tell('error', [...path, 'address'], message);
    }
    conditions.push((invite) => inAddressRange(ranges, invite.sourceAddress));
  }
  if (calling !== undefined) {
    // A list may have thousands of numbers and is asked at every call; patterns are few.
    const all = textsOf(calling).map((number) => number.toLowerCase());
    const numbers = new Set(all.filter((number) => !/[*?]/.test(number)));
    const patterns = all.filter((number) => /[*?]/.test(number));
    conditions.push(
      ({ callingNumber }) =>
        numbers.has(callingNumber.toLowerCase()) ||
        patterns.some((pattern) => globMatches(pattern, callingNumber)),
    );
  }
  return conditions;
}
