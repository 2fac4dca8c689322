import type { ApplicationHost } from './application-host.js';
import type { Execution } from './application-stack.js';
import { playList } from './playback.js';

interface CollectRequest {
  readonly min: number;
  readonly max: number;
  readonly tries: number;
  readonly firstDigitMs: number;
  readonly terminators: string;
  readonly file: string;
  readonly invalidFile: string;
  readonly variable: string;
  readonly pattern: RegExp | undefined;
  readonly interDigitMs: number;
}

type Collected = 'complete' | 'timeout' | 'interrupted';

/**
 * `play_and_get_digits MIN MAX TRIES TIMEOUT TERMINATORS FILE INVALIDFILE VAR REGEX [DIGITTIMEOUT]`: plays the file, whose
 * first key stops it, and collects keys; keys pressed before it began count. A result that the expression does not match
 * is played INVALIDFILE and asked for again. Sets VAR (or VAR_invalid), read_result and read_terminator_used.
 */
export async function playAndGetDigits(host: ApplicationHost, execution: Execution): Promise<undefined> {
  const request = parseRequest(host.variables.expand(execution.argument));
  const { variables } = host;
  for (const name of [
    request.variable,
    `${request.variable}_invalid`,
    'read_terminator_used',
    'read_result',
  ]) {
    variables.unset(name);
  }
  for (let attempt = 0; attempt < request.tries; attempt += 1) {
    const collector = new Collector(host, execution, request);
    const end = await collector.run();
    if (collector.terminator !== undefined) variables.set('read_terminator_used', collector.terminator);
    if (end === 'interrupted') break;
    if (collector.digits.length >= request.min && (request.pattern?.test(collector.digits) ?? true)) {
      variables.set(request.variable, collector.digits);
      variables.set('read_result', 'success');
      return undefined;
    }
    if (collector.digits !== '') variables.set(`${request.variable}_invalid`, collector.digits);
    if (request.invalidFile !== '') await playList(host, execution, request.invalidFile, {});
    if (execution.interruption !== undefined) break;
  }
  variables.set('read_result', 'failure');
  return undefined;
}

class Collector {
  digits = '';
  terminator: string | undefined;
  #isComplete = false;
  #wake: (() => void) | undefined;

  constructor(
    private readonly host: ApplicationHost,
    private readonly execution: Execution,
    private readonly request: CollectRequest,
  ) {}

  async run(): Promise<Collected> {
    while (!this.#isComplete) {
      const early = this.host.digits.shift();
      if (early === undefined) break;
      this.#take(early);
    }
    if (this.digits === '' && !this.#isComplete && this.request.file !== '') {
      await playList(this.host, this.execution, this.request.file, {
        endsOnDigit: (digit) => {
          this.#take(digit);
          return true;
        },
      });
    }
    while (!this.#isComplete) {
      if (this.execution.interruption !== undefined) return 'interrupted';
      const limitMs = this.digits === '' ? this.request.firstDigitMs : this.request.interDigitMs;
      const next = await this.#nextDigit(limitMs);
      if (next !== 'digit') return next;
    }
    return 'complete';
  }

  #nextDigit(limitMs: number): Promise<'digit' | 'timeout' | 'interrupted'> {
    return new Promise((resolve) => {
      const timer = this.host.clock.after(limitMs, () => end('timeout'));
      const end = (why: 'digit' | 'timeout' | 'interrupted'): void => {
        timer.cancel();
        this.execution.onDigit = undefined;
        this.execution.onInterrupt = undefined;
        this.#wake = undefined;
        resolve(why);
      };
      this.#wake = () => end('digit');
      this.execution.onDigit = (digit) => {
        this.#take(digit);
        return true;
      };
      this.execution.onInterrupt = () => end('interrupted');
    });
  }

  #take(digit: string): void {
    if (this.request.terminators.includes(digit)) {
      this.terminator = digit;
      this.#isComplete = true;
    } else {
      this.digits += digit;
      if (this.digits.length >= this.request.max) this.#isComplete = true;
    }
    this.#wake?.();
  }
}

function parseRequest(argument: string): CollectRequest {
  const [min, max, tries, timeout, terminators, file, invalidFile, variable, pattern, digitTimeout] = argument
    .trim()
    .split(/\s+/);
  const firstDigitMs = readNumber(timeout, 5000);
  return {
    min: readNumber(min, 0),
    max: readNumber(max, 128),
    tries: Math.max(1, readNumber(tries, 1)),
    firstDigitMs,
    terminators: terminators === 'none' ? '' : (terminators ?? '#'),
    file: file ?? '',
    invalidFile: invalidFile ?? '',
    variable: variable ?? 'read_digits',
    pattern: readPattern(pattern),
    interDigitMs: readNumber(digitTimeout, firstDigitMs),
  };
}

function readNumber(text: string | undefined, otherwise: number): number {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) || value < 0 ? otherwise : value;
}

/** Clients double the backslashes, because the real server takes one level off. */
function readPattern(text: string | undefined): RegExp | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return new RegExp(text.replaceAll('\\\\', '\\'));
  } catch {
    return undefined;
  }
}
