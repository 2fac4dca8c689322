import { dialectIds, isDialectId } from '../dialect/catalogue.js';
import { globCovers, globMatches } from './glob.js';
import { oneOrMore, textsOf, type OneOrMore } from './one-or-more.js';
import { sortProblems, type Problem } from './problem.js';
import { compileSchema, schemaProblems } from './schema-problems.js';
import { advice } from './suggest.js';
import { parseYaml } from './yaml-file.js';

/** Which calls get which dialplan. A pattern is exact, or has `*` for any characters and `?` for one. */
export interface NumberRule {
  readonly called: readonly string[];
  /** Undefined: whoever calls. */
  readonly calling: readonly string[] | undefined;
  /** Undefined: by whichever trunk, or none. */
  readonly trunk: readonly string[] | undefined;
  readonly dialplan: string;
  /** Dialect to begin in; undefined: the dialplan's default. */
  readonly dialect: string | undefined;
  /** Line in the file, for people. */
  readonly line: number;
}

export type NumberRules = readonly NumberRule[];

export type NumberRulesResult =
  | { readonly ok: true; readonly rules: NumberRules; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface NumberRulesOptions {
  /** Dialplans that there are, with the dialects they speak; without it their names are not checked. */
  readonly dialplans?: ReadonlyMap<string, readonly string[]>;
}

const patterns = oneOrMore("a number or pattern ('+4420*'), or a list of them");

const schema = {
  type: 'object',
  title: 'the list of numbers',
  additionalProperties: false,
  required: ['numbers'],
  properties: {
    numbers: {
      type: 'array',
      title: 'a list of rules',
      items: {
        type: 'object',
        title: 'a rule',
        additionalProperties: false,
        required: ['called', 'dialplan'],
        properties: {
          called: patterns,
          calling: patterns,
          trunk: patterns,
          dialplan: { type: 'string', minLength: 1, title: 'the name of a dialplan' },
          dialect: { type: 'string', enum: dialectIds, title: 'a dialect id' },
          description: { type: 'string', title: 'a text' },
        },
      },
    },
  },
};
const validate = compileSchema(schema);

interface RuleSource {
  readonly called: OneOrMore;
  readonly calling?: OneOrMore;
  readonly trunk?: OneOrMore;
  readonly dialplan: string;
  readonly dialect?: string;
}

/** Compiles `sip-config/numbers.yaml`. Never throws. */
export function compileNumberRules(
  text: string,
  file: string,
  options: NumberRulesOptions = {},
): NumberRulesResult {
  const yaml = parseYaml(text, file);
  if (yaml.problems.some(isError)) return { ok: false, problems: sortProblems(yaml.problems) };
  const problems = [...yaml.problems, ...schemaProblems(validate, yaml)];
  if (problems.some(isError)) return { ok: false, problems: sortProblems(problems) };
  const rules: NumberRule[] = [];
  for (const [index, source] of (yaml.value as { numbers: readonly RuleSource[] }).numbers.entries()) {
    const path = ['numbers', index];
    const rule: NumberRule = {
      called: textsOf(source.called),
      calling: textsOf(source.calling),
      trunk: textsOf(source.trunk),
      dialplan: source.dialplan,
      dialect: source.dialect,
      line: yaml.problem('warning', path, '').line,
    };
    const spoken = options.dialplans?.get(rule.dialplan);
    if (options.dialplans !== undefined && spoken === undefined) {
      const hint = advice(rule.dialplan, [...options.dialplans.keys()], 'there are');
      problems.push(
        yaml.problem('error', [...path, 'dialplan'], `there is no dialplan '${rule.dialplan}'${hint}`),
      );
    }
    if (rule.dialect !== undefined && isDialectId(rule.dialect) && spoken?.includes(rule.dialect) === false) {
      const message = `'${rule.dialplan}' does not speak '${rule.dialect}': write one of ${spoken.join(', ')}`;
      problems.push(yaml.problem('error', [...path, 'dialect'], message));
    }
    const earlier = rules.find((other) => covers(other, rule));
    if (earlier !== undefined) {
      const message = `the rule in line ${String(earlier.line)} already takes these calls: put this one above it, or remove it`;
      problems.push(yaml.problem('warning', path, message));
    }
    rules.push(rule);
  }
  const sorted = sortProblems(problems);
  return sorted.some(isError) ? { ok: false, problems: sorted } : { ok: true, rules, warnings: sorted };
}

/** The first rule that fits, in the file's order. */
export function findDialplan(
  rules: NumberRules,
  call: { readonly called: string; readonly calling: string; readonly trunk: string | undefined },
): NumberRule | undefined {
  return rules.find(
    (rule) =>
      rule.called.some((pattern) => globMatches(pattern, call.called)) &&
      (rule.calling === undefined || rule.calling.some((pattern) => globMatches(pattern, call.calling))) &&
      (rule.trunk === undefined ||
        (call.trunk !== undefined && rule.trunk.some((pattern) => globMatches(pattern, call.trunk ?? '')))),
  );
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** Whether every call of `later` is already taken by `earlier`. */
function covers(earlier: NumberRule, later: NumberRule): boolean {
  const all = (outer: readonly string[] | undefined, inner: readonly string[] | undefined): boolean =>
    outer === undefined || (inner?.every((i) => outer.some((o) => globCovers(o, i))) ?? false);
  return (
    all(earlier.called, later.called) &&
    all(earlier.calling, later.calling) &&
    all(earlier.trunk, later.trunk)
  );
}
