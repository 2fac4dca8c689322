import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import { closestWord } from './closest-word.js';
import { fields } from './fields.js';
import type { Tree } from './fields.js';
import { formats } from './formats.js';
import { schema } from './schema.js';

/** Something wrong with a part of a configuration: where it is, and what to write instead. */
export interface Problem {
  /** Keys from the root to the culprit. */
  readonly keys: readonly string[];
  readonly message: string;
}

// Not optimised: a start checks once, and optimising takes as long as all the rest.
const ajv = new Ajv({ allErrors: true, verbose: true, code: { optimize: false } });
ajv.addKeyword('unit').addKeyword('path');
for (const [name, format] of Object.entries(formats)) ajv.addFormat(name, format.test);
const validate = ajv.compile(schema);

/** Everything that is wrong with a part of a configuration; options that it leaves out are not missed. */
export function problemsOf(tree: Tree): Problem[] {
  if (validate(tree)) return [];
  return (validate.errors ?? []).map(problemOf);
}

function problemOf(error: ErrorObject): Problem {
  const keys = error.instancePath.split('/').slice(1);
  const name = keys.join('.');
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String((error.params as { additionalProperty: string }).additionalProperty);
      return { keys: [...keys, key], message: unknownOption([...keys, key]) };
    }
    case 'enum': {
      const allowed = (error.params as { allowedValues: readonly string[] }).allowedValues;
      return { keys, message: `${name} must be one of ${allowed.join(', ')}` };
    }
    case 'format': {
      const format = (error.params as { format: string }).format;
      return { keys, message: `${name} must be ${formats[format]?.write ?? format}` };
    }
    case 'type': {
      const type = (error.params as { type: string }).type;
      return { keys, message: `${name === '' ? 'the file' : name} must be ${typeWords[type] ?? type}` };
    }
    default: {
      const unit = fields.find((field) => field.path === name)?.unit;
      return {
        keys,
        message: `${name} ${error.message ?? 'is wrong'}${unit === undefined ? '' : ` (${unit})`}`,
      };
    }
  }
}

const typeWords: Readonly<Record<string, string>> = {
  object: 'a section with options in it',
  array: 'a list',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'text (put it in quotes)',
};

function unknownOption(keys: readonly string[]): string {
  const name = keys.join('.');
  const last = keys.at(-1) ?? name;
  // A key in the wrong section is as frequent as a misspelt one: look at the options' last words too.
  const near =
    closestWord(
      name,
      fields.map((field) => field.path),
    ) ??
    fields.find((field) => field.path.split('.').at(-1)?.toLowerCase() === last.toLowerCase())?.path ??
    closestWord(name, sectionNames);
  return `there is no option '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`;
}

const sectionNames = [...new Set(fields.map((field) => field.path.split('.')[0] ?? ''))];
