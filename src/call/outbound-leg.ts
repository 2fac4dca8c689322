import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { DialRequest } from '../sip/dialer.js';
import type { OutgoingCall } from '../sip/outgoing-call.js';
import { CallLeg, type Established } from './call-leg.js';
import type { CallDialer } from './dialer-port.js';
import { endingOfDial, type LegStage } from './ending.js';

/** An INVITE that we send. Our endpoint makes the offer. */
export class OutboundLeg extends CallLeg {
  readonly direction = 'outbound';
  readonly offer = undefined;
  readonly cancelled = false;
  #outgoing: OutgoingCall | undefined;
  #abandoned = false;
  #answered = false;

  constructor(
    private readonly dialer: CallDialer,
    private readonly request: DialRequest,
  ) {
    super();
  }

  get sipCallId(): string {
    return this.#outgoing?.sipCallId ?? '';
  }

  get callingNumber(): string {
    return this.request.from ?? '';
  }

  get calledNumber(): string {
    return this.request.to;
  }

  get stage(): LegStage {
    return this.#answered ? 'answered' : 'outbound';
  }

  async establish(endpoint: MediaEndpoint): Promise<Established> {
    const outgoing = this.dialer.place(this.request);
    this.#outgoing = outgoing;
    outgoing.on('ringing', () => this.emit('ringing'));
    const result = await outgoing.dial(endpoint.localSdp);
    if (result.outcome !== 'answered') return { ending: endingOfDial(result) };
    const { dialog, sdp } = result;
    // Whoever ended the call while the answer was on its way wants it hung up, not heard.
    if (this.#abandoned) return { dialog, answerFollows: false };
    this.#answered = true;
    try {
      await endpoint.modify(sdp);
    } catch (error) {
      await dialog.bye();
      throw error;
    }
    return { dialog, answerFollows: false };
  }

  abandon(): void {
    this.#abandoned = true;
    this.#outgoing?.cancel();
  }
}
