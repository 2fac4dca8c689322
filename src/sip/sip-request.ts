import type Srf from 'drachtio-srf';
import type { Clock } from '../core/clock.js';
import { digestAnswer, type Credentials } from './digest-answer.js';
import { isUndelivered } from './undelivered.js';

export interface SipRequest {
  readonly method: 'REGISTER' | 'OPTIONS';
  readonly uri: string;
  readonly proxy?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials?: Credentials | undefined;
  /** How long the final response may take, ms. */
  readonly limitMs: number;
}

export interface SipAnswer {
  readonly status: number;
  /** CSeq number of the request that it answers: of the one with credentials, if there were two. */
  readonly cseq: number;
  header(name: string): string | undefined;
}

/**
 * Sends a request outside dialogs. Resolves with the final response, undefined when none came or nothing could be sent; never
 * rejects.
 */
export function sendRequest(srf: Srf, clock: Clock, request: SipRequest): Promise<SipAnswer | undefined> {
  const { method, uri, proxy, headers, credentials, limitMs } = request;
  return new Promise((resolve) => {
    const limit = clock.after(limitMs, () => resolve(undefined));
    const done = (answer: SipAnswer | undefined): void => {
      limit.cancel();
      resolve(answer);
    };
    const options = {
      method,
      headers: { ...headers },
      ...(proxy === undefined ? {} : { proxy }),
      ...(credentials === undefined ? {} : { auth: digestAnswer(credentials) }),
    };
    const sent = (error: unknown, outgoing: Srf.SrfRequest | undefined): void => {
      if (error || outgoing === undefined) {
        done(undefined);
        return;
      }
      outgoing.on('response', (response) => {
        if (response === undefined || response.status < 200) return;
        // The SIP server's own word is nobody's answer.
        if (isUndelivered(response)) {
          done(undefined);
          return;
        }
        done({
          status: response.status,
          cseq: Number.parseInt(response.get('CSeq'), 10),
          header: (name) => (response.has(name) ? response.get(name) : undefined),
        });
      });
    };
    try {
      // The declared signature is not the library's.
      (srf.request as unknown as (to: string, how: object, done: typeof sent) => void).call(
        srf,
        uri,
        options,
        sent,
      );
    } catch {
      done(undefined); // not connected
    }
  });
}
