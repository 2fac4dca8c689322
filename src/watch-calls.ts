import { callEnded, callForked, callGap, callRefused } from './call/channels.js';
import { strangerRefused } from './audio-stream/channels.js';
import type { Metrics } from './http/metrics.js';
import { authenticationFailed, dialAttemptEnded } from './sip/channels.js';

/** Brings what the calls publish to the metrics. Returns the function that ends it. */
export function watchCalls(metrics: Metrics): () => void {
  const ends = [
    callEnded.subscribe(({ record, setupMs }) => {
      metrics.callEnded({ endReason: record.endReason, durationMs: record.endedAtMs - record.receivedAtMs });
      if (setupMs !== null) metrics.setup(setupMs);
    }),
    callRefused.subscribe(({ step }) => metrics.refused(step)),
    callGap.subscribe(({ gapMs }) => metrics.turnGap(gapMs)),
    callForked.subscribe(({ opened }) => (opened ? metrics.forkOpened() : metrics.forkFailed())),
    dialAttemptEnded.subscribe((attempt) => metrics.dialAttempt(attempt)),
    authenticationFailed.subscribe(({ reason }) => metrics.authenticationFailed(reason)),
    strangerRefused.subscribe(() => metrics.stranger('audio-stream')),
  ];
  return () => {
    for (const end of ends) end();
  };
}
