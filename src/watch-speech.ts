import type { Logger } from './core/logger.js';
import { engineFailed, engineStateChanged } from './speech/channels.js';

/** Brings what the speech engines do not do to the log. Returns the function that ends it. */
export function watchSpeech(logger: Logger): () => void {
  const ends = [
    engineFailed.subscribe(({ role, engine, kind, code }) =>
      logger.debug({ role, engine, kind, code }, 'a speech engine failed; the next is asked'),
    ),
    engineStateChanged.subscribe(({ role, engine, from, to }) => {
      // Each try of an engine that stays down would be a line of its own.
      if (from === 'closed')
        logger.error({ role, engine }, 'a speech engine keeps failing: it is left alone');
      if (to === 'closed') logger.info({ role, engine }, 'a speech engine is back');
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
