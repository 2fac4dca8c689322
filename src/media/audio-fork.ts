import type Mrf from 'drachtio-fsmrf';
import { errorCode } from '../core/errors.js';
import { mediaError } from './errors.js';

/**
 * How a media server lets the application hear and speak (wire.md C):
 * - `stereo`: one stereo fork carries both directions (the embedded server);
 * - `mono-and-stereo`: real FreeSWITCH delivers stereo 45 ms later than mono, and its stereo fork holds what another
 *   fork injects only if that one was started before it: a mono fork first, for recognizers and the bot's voice,
 *   a listening stereo fork second, for recorder and ledger.
 */
export type ForkPlan = 'stereo' | 'mono-and-stereo';

/** 8 kHz, the rate of the telephone line: nothing is gained by asking for more. */
const rate = '8000';

/** Where the media server is to dial for each fork. The second is used by `mono-and-stereo` only. */
export interface ForkUrls {
  readonly speak: string;
  readonly listen: string;
}

/** Starts the call's fork or forks. Resolves when the server accepted the commands; the WebSockets come on their own. */
export async function startForks(endpoint: Mrf.Endpoint, plan: ForkPlan, urls: ForkUrls): Promise<void> {
  const speaking = { enabled: 'true', streaming: 'true', sampleRate: rate } as const;
  const silent = { enabled: 'false', streaming: 'false', sampleRate: rate } as const;
  try {
    if (plan === 'stereo') {
      await endpoint.forkAudioStart({
        wsUrl: urls.speak,
        mixType: 'stereo',
        sampling: rate,
        bugname: 'call',
        bidirectionalAudio: speaking,
      });
      return;
    }
    await endpoint.forkAudioStart({
      wsUrl: urls.speak,
      mixType: 'mono',
      sampling: rate,
      bugname: 'speak',
      bidirectionalAudio: speaking,
    });
    await endpoint.forkAudioStart({
      wsUrl: urls.listen,
      mixType: 'stereo',
      sampling: rate,
      bugname: 'listen',
      bidirectionalAudio: silent,
    });
  } catch (error) {
    throw mediaError('MEDIA_FORK_FAILED', { reason: errorCode(error) }, error);
  }
}
