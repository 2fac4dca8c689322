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

/**
 * What mod_audio_fork does with the bot's audio (read in its source, lws_glue.cpp, and heard): it passes audio on once it
 * has 640 samples, 1280 at first; killAudio clears with the next frame, together with what came after it.
 */
export function playoutOf(plan: ForkPlan): { readonly heldSamples: number; readonly lateKill: boolean } {
  return plan === 'stereo' ? { heldSamples: 0, lateKill: false } : { heldSamples: 640, lateKill: true };
}

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
    // The library passes the daemon's own reply on, e.g. `-ERR Operation Failed`.
    const reason = error instanceof Error ? error.message.trim() : errorCode(error);
    throw mediaError('MEDIA_FORK_FAILED', { reason }, error);
  }
}
