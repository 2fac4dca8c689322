import { callId } from '../core/ids.js';
import { XiangyinError } from '../core/errors.js';
import { q850FromStatus } from '../sip/end-cause.js';
import type { IncomingCall } from '../sip/incoming-call.js';
import type { CallRecord } from '../store/call-record.js';
import type { CallStore } from '../store/call-store.js';
import { CallSession, type CallPorts } from './call-session.js';
import type { CallOptions } from './call-options.js';
import { callRefused } from './channels.js';
import { mayChooseAnyone } from './dial-policy.js';
import type { DialplanLibrary } from './dialplan-library.js';
import { InboundLeg } from './inbound-leg.js';
import { keepRecord } from './keep-record.js';
import type { LiveCalls } from './live-calls.js';
import type { RememberedCallers } from './remembered-callers.js';

/** Takes the INVITEs of one SIP agent: finds the dialplan, makes the call, keeps its record. */
export class Inbound {
  constructor(
    private readonly ports: CallPorts,
    private readonly library: DialplanLibrary,
    private readonly live: LiveCalls,
    private readonly store: CallStore,
    private readonly options: CallOptions,
    private readonly callers?: RememberedCallers,
  ) {}

  /** An INVITE that admission let pass. Never throws. */
  take(incoming: IncomingCall): void {
    const { clock } = this.ports;
    const { calledNumber, callingNumber, identity } = incoming;
    const trunk = identity.kind === 'trunk' ? identity.trunk : undefined;
    let found: ReturnType<DialplanLibrary['find']>;
    try {
      found = this.library.find({ called: calledNumber, calling: callingNumber, trunk });
    } catch (error) {
      const status = error instanceof XiangyinError ? error.sipStatus : 500;
      this.refuse(incoming, 'numbers', status, error instanceof Error ? error.message : 'unexpected failure');
      return;
    }
    const known = incoming.withheld ? undefined : this.callers?.recall(callingNumber);
    const call = new CallSession(
      new InboundLeg(incoming),
      {
        id: callId(clock.wallMs()),
        dialplan: found.dialplan,
        dialect: found.dialect,
        ...(known !== undefined && { remembered: known.caller }),
        mayChooseAnyone: mayChooseAnyone(identity, found.namesTrunk),
        ...this.options,
      },
      this.ports,
    );
    this.live.add(call);
    call.on('ended', (record, setupMs) => {
      this.#keep(record, setupMs);
      if (call.learnt !== undefined) known?.learn(call.learnt);
      if (record.stopCalling === true && !incoming.withheld) this.callers?.stopCalling(callingNumber);
    });
    void call.run();
  }

  /** Refuses an INVITE and keeps the reason, so that `xiangyin why` can tell it. */
  refuse(incoming: IncomingCall, step: string, status: number, reason: string, headers = {}): void {
    incoming.refuse(status, headers);
    callRefused.publish({ step, status });
    const nowMs = this.ports.clock.wallMs();
    this.#keep(
      {
        id: callId(nowMs),
        sipCallId: incoming.sipCallId,
        direction: 'inbound',
        callingNumber: incoming.callingNumber,
        calledNumber: incoming.calledNumber,
        dialplan: null,
        dialplanVersion: null,
        receivedAtMs: nowMs,
        answeredAtMs: null,
        endedAtMs: nowMs,
        endReason: 'rejected',
        sipStatus: status,
        q850Cause: q850FromStatus(status),
        detail: `${reason} (step '${step}')`,
        path: [],
        turns: [],
        transfers: [],
        recording: null,
        journal: null,
      },
      null,
    );
  }

  #keep(record: CallRecord, setupMs: number | null): void {
    void keepRecord(record, setupMs, this.store, this.ports.logger);
  }
}
