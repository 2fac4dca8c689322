import { digitsAsWords } from '../dialect/digit-words.js';
import { spokenValue } from '../dialect/spoken-value.js';
import type { Template, TemplatePart } from './dialplan.js';

/** What a template's text turned out to be; `problems` are sentences, one per faulty place. */
export interface ParsedTemplate {
  readonly template: Template;
  readonly problems: readonly string[];
}

const formats = ['digits', 'plain', 'amount', 'date', 'time'] as const;

/** Reads `... {{variable}} ... {{variable | digits 2-2-4}} ...`. */
export function parseTemplate(text: string): ParsedTemplate {
  const template: TemplatePart[] = [];
  const problems: string[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    if (match.index > end) template.push({ kind: 'text', text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    const part = parsePlace(match[1] ?? '');
    if (typeof part === 'string') problems.push(part);
    else template.push(part);
  }
  if (end < text.length) template.push({ kind: 'text', text: text.slice(end) });
  if (template.some((part) => part.kind === 'text' && /\{\{|\}\}/.test(part.text))) {
    problems.push('a place to fill in is not closed: write {{variable}}');
  }
  return { template, problems };
}

function parsePlace(inner: string): TemplatePart | string {
  const [name = '', format, ...rest] = inner.split('|').map((piece) => piece.trim());
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return `'{{${inner}}}' names no variable: write {{variable}}`;
  if (rest.length > 0) return `'{{${inner}}}' has two formats: write one`;
  if (format === undefined) return { kind: 'variable', name, format: 'auto', groupSizes: undefined };
  const [word = '', groups, ...more] = format.split(/\s+/);
  if (!isFormat(word))
    return `'${word}' is no format: write {{${name} | digits}}, plain, amount, date or time`;
  if (groups === undefined) return { kind: 'variable', name, format: word, groupSizes: undefined };
  if (word !== 'digits' || more.length > 0 || !/^[1-9](-[1-9])*$/.test(groups)) {
    return `'${format}' is no format: groups of digits are written like {{${name} | digits 2-2-4}}`;
  }
  return { kind: 'variable', name, format: word, groupSizes: groups.split('-').map(Number) };
}

function isFormat(word: string): word is (typeof formats)[number] {
  return (formats as readonly string[]).includes(word);
}

export function variablesOf(template: Template): string[] {
  return template.flatMap((part) => (part.kind === 'variable' ? part.name : []));
}

/** The value as it is: for assignments and conditions. */
export function fillPlain(template: Template, variables: Readonly<Record<string, string>>): string {
  return template.map((part) => (part.kind === 'text' ? part.text : valueOf(variables, part.name))).join('');
}

/** The words as they are to be heard in a dialect. `hidden` names variables to be shown as `***` (for records). */
export function fillSpoken(
  template: Template,
  variables: Readonly<Record<string, string>>,
  dialect: string,
  hidden: readonly string[] = [],
): string {
  return template
    .map((part) => {
      if (part.kind === 'text') return part.text;
      if (hidden.includes(part.name)) return '***';
      const value = valueOf(variables, part.name);
      if (part.format === 'amount' || part.format === 'date' || part.format === 'time') {
        return spokenValue(part.format, value, dialect);
      }
      const digits = part.format === 'digits' || (part.format === 'auto' && /^\+?\d+$/.test(value));
      return digits ? digitsAsWords(value, dialect, part.groupSizes) : value;
    })
    .join('');
}

/** Own properties only: a variable called `constructor` is not there unless it was set. */
export function valueOf(variables: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(variables, name) ? (variables[name] ?? '') : '';
}
