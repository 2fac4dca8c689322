import type { Clock } from './clock.js';

/**
 * Waits for `promise` at most `limitMs`; then rejects with what `onTimeout` makes. The promise itself goes on: its
 * later rejection is swallowed, its later value is dropped, so the caller must be able to undo what it stands for.
 */
export function within<T>(
  clock: Clock,
  limitMs: number,
  promise: Promise<T>,
  onTimeout: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(limitMs, () => reject(onTimeout()));
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
