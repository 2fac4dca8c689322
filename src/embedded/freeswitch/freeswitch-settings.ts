import type { HostPort } from '../../core/address.js';
import type { AudioCodec } from '../rtp/codec.js';

/** What of a media server's options can be copied into a worker. */
export interface FreeSwitchSettings {
  /** Control port. */
  readonly eventSocket: HostPort;
  readonly secret: string;
  /** Where INVITEs are taken: `udp:127.0.0.1:5080`, several separated by commas; without port 0 chooses. */
  readonly sip: string;
  /** Local address of RTP. */
  readonly rtpAddress: string;
  /** Both included; 0 and 0: the system chooses. */
  readonly rtpPorts: { readonly min: number; readonly max: number };
  /** What SDP tells callers to send to; default rtpAddress. */
  readonly externalAddress?: string | undefined;
  /** Where relative sound files begin. */
  readonly soundsDir?: string | undefined;
  /** Name of the SIP profile that clients look for; drachtio-fsmrf expects `drachtio_mrf`. */
  readonly profile?: string | undefined;
  /** What is offered, in this order, and taken, in the other side's order; default all: PCMU, PCMA, G722, opus, L16. */
  readonly codecs?: readonly AudioCodec[] | undefined;
}
