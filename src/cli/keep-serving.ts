import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';

/**
 * What is thrown where nobody catches it is logged and ends nothing: one call's fault must not end the others.
 */
export function keepServing(logger: Logger): void {
  const stray = (what: string) => (error: unknown) => logger.error({ code: errorCode(error), error }, what);
  process.on('uncaughtException', stray('an error that nobody caught'));
  process.on('unhandledRejection', stray('a rejection that nobody caught'));
}

/**
 * Resolves at SIGINT or SIGTERM. Called before anybody is told that we run: whoever stops us at once must find us
 * listening.
 */
export function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
