import type { CompileScope } from './compile-scope.js';
import type { Condition } from './dialplan.js';
import type { Path } from './problem.js';
import { advice } from './suggest.js';
import { unknownDialect } from './read-prompt.js';
import { isDialectId } from '../dialect/catalogue.js';

const tests = ['equals', 'in', 'matches', 'isSet'] as const;
const groups = ['all', 'any', 'not'] as const;
/** Deeper nesting is no dialplan any more and would be a stack to be filled by a file. */
const maxDepth = 12;

/** Reads what stands after `if:`; undefined when it was faulty (and is reported). */
export function readCondition(
  scope: CompileScope,
  raw: unknown,
  path: Path,
  depth = 0,
): Condition | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    scope.error(
      path,
      `a condition is a map: {variable: x, equals: y}, {all: [...]}, {any: [...]} or {not: {...}}`,
    );
    return undefined;
  }
  if (depth > maxDepth) {
    scope.error(
      path,
      `conditions are nested more than ${String(maxDepth)} deep: set a variable and branch in steps`,
    );
    return undefined;
  }
  const map = raw as Readonly<Record<string, unknown>>;
  const keys = Object.keys(map);
  const allowed: readonly string[] = Object.hasOwn(map, 'variable')
    ? ['variable', ...tests]
    : ['variable', ...tests, ...groups];
  const unknown = keys.filter((key) => !allowed.includes(key));
  for (const key of unknown) {
    scope.error(
      [...path, key],
      `unknown key '${key}' in a condition${advice(key, allowed, 'allowed here')}`,
      'key',
    );
  }
  if (unknown.length > 0) return undefined;
  const group = groups.find((g) => Object.hasOwn(map, g));
  if (group !== undefined) {
    if (keys.length > 1) {
      scope.error(path, `'${group}' stands alone: put the other tests into its list`);
      return undefined;
    }
    return readGroup(scope, group, map[group], [...path, group], depth);
  }
  return readTest(scope, map, path);
}

function readGroup(
  scope: CompileScope,
  group: (typeof groups)[number],
  raw: unknown,
  path: Path,
  depth: number,
): Condition | undefined {
  if (group === 'not') {
    const condition = readCondition(scope, raw, path, depth + 1);
    return condition && { kind: 'not', condition };
  }
  if (!Array.isArray(raw) || raw.length === 0) {
    scope.error(path, `'${group}' needs a list of conditions: [{variable: x, equals: y}, ...]`);
    return undefined;
  }
  const conditions = raw.map((item, index) => readCondition(scope, item, [...path, index], depth + 1));
  const good = conditions.filter((c) => c !== undefined);
  return good.length === conditions.length ? { kind: group, conditions: good } : undefined;
}

function readTest(
  scope: CompileScope,
  map: Readonly<Record<string, unknown>>,
  path: Path,
): Condition | undefined {
  const variable = map['variable'];
  if (typeof variable !== 'string') {
    scope.error(path, `a condition needs 'variable', the name of what is looked at`);
    return undefined;
  }
  scope.variable(variable, [...path, 'variable']);
  const given = tests.filter((test) => Object.hasOwn(map, test));
  const [test] = given;
  if (test === undefined || given.length > 1) {
    scope.error(path, `a condition needs one of ${tests.join(', ')}: {variable: ${variable}, equals: ...}`);
    return undefined;
  }
  const value = map[test];
  const here = [...path, test];
  switch (test) {
    case 'equals':
      if (!isPlain(value)) break;
      return { kind: 'equals', variable, value: readValue(scope, variable, value, here) };
    case 'in':
      if (!Array.isArray(value) || value.length === 0 || !value.every(isPlain)) break;
      return {
        kind: 'in',
        variable,
        values: value.map((v, i) => readValue(scope, variable, v, [...here, i])),
      };
    case 'matches': {
      const patterns: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (patterns.length === 0 || !patterns.every((p) => isPlain(p) && p !== '')) break;
      return { kind: 'matches', variable, patterns: patterns.map(String) };
    }
    case 'isSet':
      if (typeof value !== 'boolean') break;
      return { kind: 'isSet', variable, isSet: value };
  }
  scope.error(here, `'${test}' needs ${wanted[test]}`);
  return undefined;
}

const wanted = {
  equals: 'a text or a number',
  in: 'a list of texts: [a, b]',
  matches: "a pattern in quotes, or a list of them: * stands for any characters, ? for one ('20??*')",
  isSet: 'true or false',
} as const;

function readValue(scope: CompileScope, variable: string, value: string | number | boolean, path: Path) {
  const text = String(value);
  if (variable === 'dialect' && !text.includes('{{') && !isDialectId(text)) unknownDialect(scope, text, path);
  return scope.template(text, path);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
