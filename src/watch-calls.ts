import { callEnded, callFiller, callForked, callGap, callLedger, callRefused } from './call/channels.js';
import { strangerRefused } from './audio-stream/channels.js';
import type { Metrics } from './http/metrics.js';
import { authenticationFailed, dialAttemptEnded } from './sip/channels.js';
import { engineFailed, engineStateChanged, sentenceWanted, speechFailover } from './speech/channels.js';

/** Brings what the calls publish to the metrics. Returns the function that ends it. */
export function watchCalls(metrics: Metrics): () => void {
  const ends = [
    callEnded.subscribe(({ record, setupMs }) => {
      metrics.callEnded({ endReason: record.endReason, durationMs: record.endedAtMs - record.receivedAtMs });
      if (setupMs !== null) metrics.setup(setupMs);
      if (record.media !== undefined) metrics.media(record.media);
    }),
    callRefused.subscribe(({ step }) => metrics.refused(step)),
    callGap.subscribe(({ gapMs }) => metrics.turnGap(gapMs)),
    callLedger.subscribe(({ ledger }) => metrics.turnLedger(ledger)),
    callForked.subscribe(({ opened }) => (opened ? metrics.forkOpened() : metrics.forkFailed())),
    dialAttemptEnded.subscribe((attempt) => metrics.dialAttempt(attempt)),
    authenticationFailed.subscribe(({ reason }) => metrics.authenticationFailed(reason)),
    engineFailed.subscribe((failure) => metrics.engineFailed(failure)),
    speechFailover.subscribe(({ role, to }) => metrics.failover(role, to !== undefined)),
    engineStateChanged.subscribe(({ role, engine, from, to }) => metrics.engineState(role, engine, from, to)),
    sentenceWanted.subscribe(({ from }) => metrics.sentence(from)),
    callFiller.subscribe(() => metrics.filler()),
    strangerRefused.subscribe(() => metrics.stranger('audio-stream')),
  ];
  return () => {
    for (const end of ends) end();
  };
}
