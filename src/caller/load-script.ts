import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { errorCode } from '../core/errors.js';
import { callerError } from './errors.js';
import { SCRIPT_DEFAULTS, SCRIPT_SCHEMA } from './script-schema.js';
import type { CallerInputStep, CallerScript, KeyTransport, ScriptStep, Sentence } from './script.js';

/** Reads and checks a script file. Rejects with CALLER_SCRIPT_… naming file, line and what to write instead. */
export async function loadScript(file: string): Promise<CallerScript> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw callerError('CALLER_SCRIPT_UNREADABLE', { file, reason: errorCode(error) }, error);
  }
  return parseScript(text, file);
}

/**
 * Checks a script's text. `file` names it in errors; audio files to play are looked up beside it, recordings are
 * written relative to the working directory.
 */
export function parseScript(text: string, file: string): CallerScript {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (problems: { line: number; problem: string }[]) =>
    callerError('CALLER_SCRIPT_INVALID', {
      problems: problems.map(({ line, problem }) => `${file}:${line}: ${problem}`).join('\n'),
    });
  if (document.errors.length > 0) {
    throw fail(
      document.errors.map((e) => ({ line: lines.linePos(e.pos[0]).line, problem: `not YAML: ${e.message}` })),
    );
  }
  const raw: unknown = document.toJS();
  if (!validate(raw)) {
    throw fail(
      readable(validate.errors ?? []).map((error) => ({
        line: lineAt(document, lines, error),
        problem: describe(error),
      })),
    );
  }
  return toScript(raw as RawScript, file, (index) => lineOf(document, lines, ['steps', index]));
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, verbose: true });
ajv.addKeyword({
  keyword: 'enumWhenString',
  schemaType: 'array',
  validate: (words: readonly string[], value: unknown) => typeof value !== 'string' || words.includes(value),
});
ajv.addKeyword({
  keyword: 'exactlyOneOf',
  schemaType: 'array',
  validate: (names: readonly string[], value: unknown) =>
    typeof value !== 'object' || value === null || names.filter((name) => name in value).length === 1,
});
const validate = ajv.compile(SCRIPT_SCHEMA);

/** Of several errors at one place keep the first: a wrong type makes every other keyword fail too. */
function readable(errors: readonly ErrorObject[]): ErrorObject[] {
  const seen = new Set<string>();
  return errors.filter((error) => {
    const place = error.keyword === 'additionalProperties' ? JSON.stringify(error.params) : '';
    const key = `${error.instancePath} ${place}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function describe(error: ErrorObject): string {
  const where = error.instancePath
    .slice(1)
    .replace(/^steps\/(\d+)/, (_all, n: string) => `step ${Number(n) + 1}`);
  const at = where === '' ? '' : `${where.replaceAll('/', ' ')}: `;
  const allowed = Object.keys((error.parentSchema?.['properties'] ?? {}) as object).join(', ');
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String((error.params as { additionalProperty: string }).additionalProperty);
      return `${at}unknown '${name}'; write one of: ${allowed}`;
    }
    case 'required':
      return `${at}'${(error.params as { missingProperty: string }).missingProperty}' is missing`;
    case 'enum':
      return `${at}write one of: ${(error.params as { allowedValues: string[] }).allowedValues.join(', ')}`;
    case 'enumWhenString':
      return `${at}write one of: ${(error.schema as string[]).join(', ')} (other steps need a value: '- say: hello')`;
    case 'exactlyOneOf':
      return `${at}write exactly one of: ${(error.schema as string[]).join(', ')}`;
    case 'pattern':
      return `${at}keys are 0-9, *, #, A-D`;
    case 'maxProperties':
      return `${at}one step has one word; begin the next with '- '`;
    case 'minProperties':
      return `${at}an empty step; write one of: ${allowed}`;
    case 'type':
      return typeof error.data === 'number' && [error.schema].flat().includes('string')
        ? `${at}write it in quotes, e.g. "${error.data}"`
        : `${at}must be ${[error.schema].flat().join(' or ')}`;
    default:
      return `${at}${error.message ?? 'is not allowed'}`;
  }
}

function lineAt(document: Document, lines: LineCounter, error: ErrorObject): number {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')));
  const extra = (error.params as { additionalProperty?: string }).additionalProperty;
  return lineOf(document, lines, extra === undefined ? path : [...path, extra]);
}

/** Line of the deepest node of `path` that exists. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const range = (node as { range?: readonly number[] } | null | undefined)?.range;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return 1;
}

type RawSentence = string | { text: string; dialect?: string; voice?: string; rate?: number; audio?: string };
type RawPress = string | { keys: string; via?: KeyTransport; toneMs?: number };
interface RawInput {
  press?: RawPress;
  say?: RawSentence;
  play?: string;
}
interface RawStep extends RawInput {
  expectAnswer?: { withinMs?: number } | null;
  expectHangup?: { withinMs?: number } | null;
  expectRefusal?: { withinMs?: number; status?: number } | null;
  expect?:
    | 'speech'
    | 'silence'
    | { phrases?: RawSentence[]; speech?: true; silence?: { forMs: number }; withinMs?: number };
  bargeIn?: RawInput & { afterMs: number; withinMs?: number };
  wait?: number;
  hold?: null;
  resume?: null;
  hangup?: null;
  record?: string;
}
interface RawScript {
  name?: string;
  dialect?: string;
  keys?: KeyTransport;
  offer?: 'sdp' | 'none';
  limitMs?: number;
  steps: (string | RawStep)[];
}

function toScript(raw: RawScript, file: string, lineOfStep: (index: number) => number): CallerScript {
  const dialect = raw.dialect ?? SCRIPT_DEFAULTS.dialect;
  const keys = raw.keys ?? SCRIPT_DEFAULTS.keys;
  const sentence = (from: RawSentence): Sentence =>
    typeof from === 'string'
      ? { text: from, dialect }
      : {
          ...from,
          dialect: from.dialect ?? dialect,
          ...(from.audio === undefined ? {} : { audio: resolve(dirname(file), from.audio) }),
        };

  const input = (from: RawInput): CallerInputStep | undefined => {
    if (from.press !== undefined) {
      const press = typeof from.press === 'string' ? { keys: from.press } : from.press;
      const { via = keys, toneMs = SCRIPT_DEFAULTS.toneMs } = press as Exclude<RawPress, string>;
      return { kind: 'press', keys: press.keys, via, toneMs };
    }
    if (from.say !== undefined) return { kind: 'say', sentence: sentence(from.say) };
    if (from.play !== undefined) return { kind: 'play', file: resolve(dirname(file), from.play) };
    return undefined;
  };

  const step = (item: string | RawStep, index: number): ScriptStep => {
    const line = lineOfStep(index);
    const from: RawStep = typeof item === 'string' ? { [item]: null } : item;
    const withinMs = SCRIPT_DEFAULTS.withinMs;
    const said = input(from);
    if (said !== undefined) return { line, ...said };
    if (from.expect !== undefined) {
      const expect =
        from.expect === 'speech'
          ? { speech: true as const }
          : from.expect === 'silence'
            ? { silence: { forMs: SCRIPT_DEFAULTS.silenceForMs } }
            : from.expect;
      const limit = expect.withinMs ?? withinMs;
      if (expect.phrases !== undefined) {
        return { line, kind: 'expectPhrase', withinMs: limit, phrases: expect.phrases.map(sentence) };
      }
      if (expect.silence !== undefined) {
        return { line, kind: 'expectSilence', withinMs: limit, forMs: expect.silence.forMs };
      }
      return { line, kind: 'expectSpeech', withinMs: limit };
    }
    if (from.bargeIn !== undefined) {
      const { afterMs, withinMs: limit = withinMs, ...rest } = from.bargeIn;
      const barged = input(rest);
      if (barged !== undefined) return { line, kind: 'bargeIn', afterMs, withinMs: limit, input: barged };
    }
    if (from.wait !== undefined) return { line, kind: 'wait', forMs: from.wait };
    if (from.record !== undefined) return { line, kind: 'record', file: resolve(from.record) };
    if (from.expectAnswer !== undefined) {
      return {
        line,
        kind: 'expectAnswer',
        withinMs: from.expectAnswer?.withinMs ?? SCRIPT_DEFAULTS.answerWithinMs,
      };
    }
    if (from.expectRefusal !== undefined) {
      const { withinMs: limit = SCRIPT_DEFAULTS.answerWithinMs, status } = from.expectRefusal ?? {};
      return { line, kind: 'expectRefusal', withinMs: limit, status };
    }
    if (from.expectHangup !== undefined) {
      return { line, kind: 'expectHangup', withinMs: from.expectHangup?.withinMs ?? withinMs };
    }
    if ('hold' in from) return { line, kind: 'hold' };
    if ('resume' in from) return { line, kind: 'resume' };
    return { line, kind: 'hangup' };
  };

  return {
    name: raw.name ?? basename(file).replace(/\.ya?ml$/, ''),
    dialect,
    keys,
    offer: raw.offer ?? SCRIPT_DEFAULTS.offer,
    limitMs: raw.limitMs ?? SCRIPT_DEFAULTS.limitMs,
    steps: raw.steps.map(step),
  };
}
