import { isMainThread } from 'node:worker_threads';

/*
 * Loaded before each test file when CI is set (test/run-tests.ts): properties are tried there on the same inputs every
 * time, so that a change is judged by what it changed. On a developer's machine they are tried on new ones.
 */

/** Any number does; a new one is a new set of inputs. */
const seed = 20261121;

// Threads inherit what is loaded before, and try no properties.
if (isMainThread) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed });
}
