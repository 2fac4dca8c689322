import { pino, destination } from 'pino';

/** The fields-then-message logger that rooms receive. Transcripts, digits and full numbers are never passed to it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** One JSON line per entry, of a field `error` the place only, to standard error: standard output belongs to what a command prints. */
export function createLogger(level: LogLevel, bindings: object = {}): Logger {
  return pino(
    {
      level,
      base: bindings,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { error: placeOf },
    },
    destination(2),
  );
}

/** Where an error came from: its message may hold what a caller said, and is not written. */
function placeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return frames.slice(0, 8).map((line) => line.trim());
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

/** Logs a repeating condition once per `key` (e.g. a stranger's address); when `limit` keys are held, all are forgotten. */
export class OnceLogger {
  readonly #seen = new Set<string>();

  constructor(
    private readonly logger: Logger,
    private readonly limit = 1000,
  ) {}

  warn(key: string, fields: object, message: string): void {
    if (this.#seen.has(key)) return;
    if (this.#seen.size >= this.limit) this.#seen.clear();
    this.#seen.add(key);
    this.logger.warn(fields, message);
  }
}
