import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Path, Problem } from './problem.js';
import { advice, closest } from './suggest.js';
import type { YamlFile } from './yaml-file.js';

// verbose: errors carry the schema and the value, from which the sentences are made. What is compiled is not optimised: that
// takes twice as long, and a file is read when an admin has saved it, not in a call.
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  discriminator: true,
  strict: true,
  allowUnionTypes: true,
  code: { optimize: false },
});

/** A checker for one schema, which is compiled when the first file is checked. */
export type SchemaCheck = () => ValidateFunction;

/** A checker for one schema. `title` in the schema is what an admin is told that a value should be. */
export function compileSchema(schema: object): SchemaCheck {
  let compiled: ValidateFunction | undefined;
  return () => (compiled ??= ajv.compile(schema));
}

/** What a schema finds wrong in a file, in sentences that say what to write instead. */
export function schemaProblems(check: SchemaCheck, yaml: YamlFile): Problem[] {
  const validate = check();
  if (validate(yaml.value)) return [];
  const errors = validate.errors ?? [];
  // Of an anyOf only the whole is told ("a phrase, a list of phrases or ..."), not why each form does not fit.
  const whole = errors.filter((e) => e.keyword === 'anyOf');
  const mistyped = new Set(errors.filter((e) => e.keyword === 'type').map((e) => e.instancePath));
  const shown = errors.filter((error) => {
    if (whole.some((w) => error !== w && error.schemaPath.startsWith(`${w.schemaPath}/`))) return false;
    // The name of a key is told by its propertyNames, not by what of it does not fit.
    if (error.propertyName !== undefined && error.keyword !== 'propertyNames') return false;
    return error.keyword !== 'enum' || !mistyped.has(error.instancePath);
  });
  return shown.map((error) => toProblem(error, yaml));
}

function toProblem(error: ErrorObject, yaml: YamlFile): Problem {
  const path = toPath(error.instancePath, yaml.value);
  const params = error.params as Readonly<Record<string, unknown>>;
  const schema = (error.parentSchema ?? {}) as { title?: string; properties?: Record<string, unknown> };
  const what = schema.title ?? 'this';
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const allowed = Object.keys(schema.properties ?? {});
      const message = `unknown key '${key}' in ${what}${advice(key, allowed, 'allowed here')}`;
      return yaml.problem('error', [...path, key], message, 'key');
    }
    case 'required': {
      const key = String(params['missingProperty']);
      const property = schema.properties?.[key] as { title?: string } | undefined;
      const kind = property?.title === undefined ? '' : ` (${property.title})`;
      // A misspelt key is told once, as unknown; here the missing one is named.
      return yaml.problem('error', path, `${what} needs '${key}'${kind}: add it`, 'key');
    }
    case 'discriminator': {
      const given = params['tagValue'];
      const types = oneOfTags(error);
      const message =
        typeof given === 'string'
          ? `unknown node type '${given}'${advice(given, types, 'the types are')}`
          : `a node needs 'type', one of ${types.join(', ')}`;
      return yaml.problem('error', typeof given === 'string' ? [...path, 'type'] : path, message);
    }
    case 'enum': {
      const values = (params['allowedValues'] as readonly unknown[]).map((v) =>
        v === '' ? "''" : String(v),
      );
      return yaml.problem(
        'error',
        path,
        `${shownValue(error.data)} is not ${what}${advice(String(error.data), values, 'write one of')}`,
      );
    }
    case 'const':
      return yaml.problem('error', path, `write ${String(params['allowedValue'])} here`);
    case 'type':
    case 'anyOf':
    case 'oneOf':
      return yaml.problem(
        'error',
        path,
        `${shownValue(error.data)} stands where ${what} is expected${typeHint(error)}`,
      );
    case 'pattern':
      return yaml.problem('error', path, `${shownValue(error.data)} is not ${what}`);
    case 'minimum':
    case 'maximum': {
      const limit = String(params['limit']);
      const side = error.keyword === 'minimum' ? 'at least' : 'at most';
      return yaml.problem('error', path, `${shownValue(error.data)} is out of range: write ${side} ${limit}`);
    }
    case 'exclusiveMinimum': {
      const message = `${shownValue(error.data)} is out of range: write more than ${String(params['limit'])}`;
      return yaml.problem('error', path, message);
    }
    case 'propertyNames': {
      const key = String(params['propertyName']);
      const kind = (error.schema as { title?: string }).title ?? 'a key that can be here';
      return yaml.problem('error', [...path, key], `'${key}' is not ${kind}`, 'key');
    }
    case 'minLength':
      return yaml.problem('error', path, `this is empty: write ${what}`);
    case 'minItems':
    case 'minProperties':
      return yaml.problem('error', path, `this is empty: ${what} needs at least one entry`, 'key');
    case 'uniqueItems':
      return yaml.problem('error', path, `an entry is here twice: remove one`);
    default:
      return yaml.problem('error', path, `this is not ${what}: ${error.message ?? error.keyword}`);
  }
}

function oneOfTags(error: ErrorObject): string[] {
  const variants = (
    error.parentSchema as { oneOf?: readonly { properties?: { type?: { const?: string } } }[] }
  ).oneOf;
  return (variants ?? []).flatMap((v) => v.properties?.type?.const ?? []);
}

function typeHint(error: ErrorObject): string {
  const wanted = (error.params as { type?: string | readonly string[] }).type;
  const value: unknown = error.data;
  if (value === null) return `: write a value, in quotes if it begins with # or *`;
  const takesText =
    wanted === undefined || wanted === 'string' || (Array.isArray(wanted) && wanted.includes('string'));
  if (takesText && typeof value !== 'object') return `: put it in quotes ('${String(value)}')`;
  if (wanted === 'boolean' && typeof value === 'string' && closest(value, ['yes', 'on']) !== undefined) {
    return ': write true';
  }
  if (wanted === 'integer' && typeof value === 'string' && /^\d+$/.test(value))
    return ': write it without quotes';
  return '';
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = String(value as string | number | boolean);
  return `'${text.length > 40 ? `${text.slice(0, 40)}...` : text}'`;
}

/** An RFC 6901 pointer as steps; list positions as numbers. */
function toPath(pointer: string, root: unknown): Path {
  const steps: (string | number)[] = [];
  let node = root;
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replace(/~1/g, '/').replace(/~0/g, '~');
    steps.push(Array.isArray(node) ? Number(step) : step);
    node = (node as Record<string, unknown> | undefined)?.[step];
  }
  return steps;
}
