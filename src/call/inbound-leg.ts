import type { MediaEndpoint } from '../media/media-endpoint.js';
import type { IncomingCall } from '../sip/incoming-call.js';
import { CallLeg, type Established } from './call-leg.js';
import type { Ending, LegStage } from './ending.js';

/** An INVITE that came to us. */
export class InboundLeg extends CallLeg {
  readonly direction = 'inbound';

  constructor(private readonly incoming: IncomingCall) {
    super();
    incoming.on('cancelled', () => this.emit('cancelled'));
  }

  get sipCallId(): string {
    return this.incoming.sipCallId;
  }

  get callingNumber(): string {
    return this.incoming.callingNumber;
  }

  get calledNumber(): string {
    return this.incoming.calledNumber;
  }

  get offer(): string | undefined {
    return this.incoming.offer;
  }

  get cancelled(): boolean {
    return this.incoming.cancelled;
  }

  get stage(): LegStage {
    return this.incoming.answering ? 'answered' : 'inbound';
  }

  async establish(endpoint: MediaEndpoint): Promise<Established> {
    const dialog = await this.incoming.answer(endpoint.localSdp);
    return { dialog, answerFollows: this.offer === undefined };
  }

  abandon({ sipStatus }: Ending): void {
    if (sipStatus !== null) this.incoming.refuse(sipStatus);
  }
}
