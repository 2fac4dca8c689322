import Srf from 'drachtio-srf';
import type { DialAttempt, NoAttempt } from './dial-attempt.js';
import type { DialResult } from './dial-outcome.js';
import type { LegEnd, LegTarget } from './invite-leg.js';
import { withCodecs } from './offer-codecs.js';
import { headersFor, numberFor, type CallerShown } from './trunk-headers.js';
import type { TrunkLine } from './trunk-line.js';
import { trunkUri, type Trunk, type TrunkHost } from './trunk.js';

export interface TrunkCall {
  readonly called: string;
  readonly shown: CallerShown;
  /** The call's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The ways to a number over trunks, each with all its hosts, made while they are tried: what is full or was too often asked is
 * passed over. A place is taken for the time of the attempt, and until the end of the call where it is answered.
 */
export function* trunkAttempts(
  lines: readonly TrunkLine[],
  call: TrunkCall,
  /** Where a redirection may go, besides the trunk itself. */
  elsewhere: (uri: string) => LegTarget | undefined,
): Generator<DialAttempt | NoAttempt> {
  for (const line of lines) {
    const full = line.take();
    if (full !== undefined) {
      // Q.850 §2.2.7.3.1: no circuit available.
      yield { refusal: { outcome: 'failed', sipStatus: null, q850Cause: 34, detail: full } };
      continue;
    }
    let answered = false;
    try {
      for (const host of line.hostsInOrder) {
        const ended = { isOver: false, tryHost: false };
        yield attemptOf(line.trunk, host.host, call, elsewhere, (end, result, stopped) => {
          if (end.dialog !== undefined) {
            answered = true;
            host.worked();
            if (end.dialog.ending !== undefined) line.release();
            else end.dialog.once('ended', () => line.release());
            return false;
          }
          if (stopped) return false;
          const isTheTrunks =
            result.outcome === 'failed' && (end.status === null || line.trunk.failover(end.status));
          ended.tryHost = isTheTrunks;
          if (isTheTrunks) host.failed(line.trunk.coolDownMs);
          else host.worked();
          return isTheTrunks;
        });
        if (!ended.tryHost) return;
      }
    } finally {
      // Also when nobody asks for the next way any more.
      if (!answered) line.release();
    }
  }
}

function attemptOf(
  trunk: Trunk,
  host: TrunkHost,
  call: TrunkCall,
  elsewhere: (uri: string) => LegTarget | undefined,
  over: (end: LegEnd, result: DialResult, stopped: boolean) => boolean,
): DialAttempt {
  const number = numberFor(trunk, call.called);
  const target = (uri: string): LegTarget => ({
    uri,
    proxy: trunk.proxy,
    headers: headersFor(trunk, call.shown, call.headers),
    credentials: trunk.credentials,
  });
  return {
    trunk: trunk.name,
    targets: [target(trunkUri(host, number))],
    firstResponseMs: trunk.firstResponseMs,
    ringMs: trunk.ringMs,
    offer: (sdp) => withCodecs(sdp, trunk.codecs),
    redirected: (uri) => (isOf(trunk, uri) ? target(uri) : elsewhere(uri)),
    over,
  };
}

/** The credentials go to the trunk's own hosts only. */
function isOf(trunk: Trunk, uri: string): boolean {
  const host = Srf.parseUri(uri)
    ?.host?.toLowerCase()
    .replace(/^\[|\]$/g, '');
  return trunk.hosts.some((own) => own.host.toLowerCase() === host);
}
