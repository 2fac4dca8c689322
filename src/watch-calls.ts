import { callEnded, callRefused } from './call/channels.js';
import type { Metrics } from './http/metrics.js';

/** Brings what the calls publish to the metrics. Returns the function that ends it. */
export function watchCalls(metrics: Metrics): () => void {
  const ends = [
    callEnded.subscribe(({ record, setupMs }) => {
      metrics.callEnded({ endReason: record.endReason, durationMs: record.endedAtMs - record.receivedAtMs });
      if (setupMs !== null) metrics.setup(setupMs);
    }),
    callRefused.subscribe(({ step }) => metrics.refused(step)),
  ];
  return () => {
    for (const end of ends) end();
  };
}
