import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { reachabilityRequest, showsReachable } from './reachability.js';
import type { SipAnswer, SipRequest } from './sip-request.js';
import type { TrunkHostLine } from './trunk-host-line.js';
import type { Trunk } from './trunk.js';

export interface TrunkPingOptions {
  readonly trunk: Trunk;
  readonly host: TrunkHostLine;
  readonly send: (request: SipRequest) => Promise<SipAnswer | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const answerLimitMs = 5000;
/** One lost packet on UDP is repeated by the SIP server; two unanswered requests are no accident. */
const misses = 2;

/** Asks one host of a trunk by OPTIONS whether it is there. */
export class TrunkPing {
  #timer: Timer | undefined;
  #missed = 0;
  #closed = false;

  constructor(private readonly options: TrunkPingOptions) {}

  start(): void {
    if (this.#closed || this.options.trunk.pingMs === 0) return;
    this.#timer?.cancel();
    void this.#ask();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    const { trunk, host, send, clock, logger } = this.options;
    const answer = await send(reachabilityRequest({ uri: host.uri, proxy: trunk.proxy }, answerLimitMs));
    if (this.#closed) return;
    const there = showsReachable(answer);
    this.#missed = there ? 0 : this.#missed + 1;
    const healthy = there ? true : this.#missed >= misses ? false : host.healthy;
    if (healthy !== host.healthy) {
      const fields = { trunk: trunk.name, host: host.uri, status: answer?.status };
      if (healthy === false)
        logger.warn(fields, 'a host of the trunk does not answer OPTIONS; others are tried before it');
      else logger.info(fields, 'a host of the trunk answers OPTIONS');
    }
    host.healthy = healthy;
    this.#timer?.cancel();
    this.#timer = clock.after(trunk.pingMs, () => void this.#ask());
  }
}
