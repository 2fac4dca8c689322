import type { Config, EngineConfig } from '../config/schema.js';
import type { ConformanceReport, TriedPromise } from '../speech/engines/xiangyin/conformance/conformance.js';
import type { Hello } from '../speech/engines/xiangyin/engine-link.js';
import { terminalText } from './terminal-text.js';

/** One engine of the configuration, as `engine list` tells it. */
export interface EngineLine {
  readonly name: string;
  readonly url: string;
  readonly answers: boolean;
  /** Why it does not. */
  readonly reason?: string;
  /** Connection and hello. */
  readonly connectMs?: number;
  /** What it calls itself. */
  readonly engine?: string;
  readonly recognizer?: readonly string[];
  readonly synthesizer?: readonly string[];
  /** What in the configuration does not fit what it can do. */
  readonly problems: readonly string[];
}

const roles = ['recognizer', 'synthesizer'] as const;

export function engineLine(
  config: EngineConfig,
  found: { readonly hello: Hello; readonly tookMs: number } | { readonly reason: string },
): EngineLine {
  const { name, url } = config;
  if ('reason' in found) return { name, url, answers: false, reason: found.reason, problems: [] };
  const { hello, tookMs } = found;
  return {
    name,
    url,
    answers: true,
    connectMs: Math.round(tookMs),
    engine: hello.name,
    ...(hello.recognizer !== undefined && { recognizer: hello.recognizer.dialects }),
    ...(hello.synthesizer !== undefined && { synthesizer: hello.synthesizer.dialects }),
    problems: problemsOf(config, hello),
  };
}

function problemsOf(config: EngineConfig, hello: Hello): string[] {
  const used = config.roles ?? roles;
  const missing = used.filter((role) => hello[role] === undefined);
  const codes = roles.flatMap((role) => hello[role]?.dialects ?? []);
  const unknown = Object.entries(config.dialects ?? {}).filter(([, code]) => !codes.includes(code));
  return [
    ...missing.map(
      (role) => `it has no ${role}: write roles: [${used.filter((one) => one !== role).join(', ')}]`,
    ),
    ...unknown.map(([id, code]) => `it has no dialect '${code}', which 'dialects' names for ${id}`),
  ];
}

/** All engines, and in which order they are asked. */
export function engineListText(lines: readonly EngineLine[], speech: Config['speech']): string {
  const order = (role: (typeof roles)[number], embedded: string): string => {
    const named = speech[`${role}s`];
    const all = speech.engines.filter((one) => one.roles?.includes(role) ?? true).map(({ name }) => name);
    return (named.length > 0 ? named : [...all, embedded]).join(', then ');
  };
  const width = Math.max(0, ...lines.map(({ name }) => name.length));
  const text = lines.flatMap((line) => [
    `${line.name.padEnd(width)}  ${line.url}  ${stateText(line)}`,
    ...roles.flatMap((role) => {
      const dialects = line[role];
      return dialects === undefined ? [] : [`${' '.repeat(width)}  ${role}: ${dialects.join(', ')}`];
    }),
    ...line.problems.map((problem) => `${' '.repeat(width)}  ! ${problem}`),
  ]);
  if (lines.length === 0)
    text.push('no engines over the network; speech.engines of the configuration names them');
  text.push(
    '',
    `recognizers:  ${order('recognizer', 'phrasebook')}`,
    `synthesizers: ${order('synthesizer', 'espeak-ng')}`,
  );
  return terminalText(text.join('\n'));
}

function stateText({ answers, reason, engine, connectMs }: EngineLine): string {
  return answers ? `answers in ${String(connectMs)} ms: ${engine ?? ''}` : `does not answer: ${reason ?? ''}`;
}

const marks = { kept: 'ok    ', broken: 'BROKEN', 'not tried': '-     ' } as const;

/** One promise; what to do under one that is broken. */
export function triedText({ id, promise, advice, outcome, detail }: TriedPromise): string {
  const line = `${marks[outcome]}  ${id.padEnd(17)} ${promise}${detail === undefined ? '' : ` (${detail})`}`;
  return terminalText(outcome === 'broken' ? `${line}\n        what to do: ${advice}` : line);
}

/** The last line. */
export function reportText({ engine, ok, promises, measuredMs }: ConformanceReport): string {
  const broken = promises.filter(({ outcome }) => outcome === 'broken').length;
  const figures = Object.entries(measuredMs).map(([name, ms]) => `${name} ${String(Math.round(ms))}`);
  const verdict = ok
    ? `${engine ?? ''} keeps the engine protocol`
    : broken === 1
      ? '1 promise is broken'
      : `${String(broken)} promises are broken`;
  return terminalText([verdict, ...(figures.length > 0 ? [figures.join(', ')] : [])].join('; '));
}
