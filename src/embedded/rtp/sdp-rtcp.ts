import type { MediaDescription } from 'sdp-transform';
import type { HostPort } from '../../core/address.js';

/** Where a side's RTCP is, as its SDP says. */
export interface RemoteRtcp {
  /** RFC 5761: on the RTP port. */
  readonly isMuxed: boolean;
  /** RFC 3605 `a=rtcp`: undefined: on the port above RTP's. */
  readonly address: HostPort | undefined;
}

/** `host`: of the stream's RTP, which `a=rtcp` need not repeat. */
export function readRemoteRtcp(media: MediaDescription, host: string): RemoteRtcp {
  const { rtcp } = media;
  const isUsable = rtcp !== undefined && rtcp.port > 0 && rtcp.port <= 65_535;
  return {
    isMuxed: media.rtcpMux !== undefined,
    address: isUsable ? { host: rtcp.address ?? host, port: rtcp.port } : undefined,
  };
}

/** The line of an answer (RFC 5761 §5.1.1): only what the offer has. */
export function muxLine(rtcp: RemoteRtcp | undefined): Pick<MediaDescription, 'rtcpMux'> {
  return rtcp?.isMuxed === true ? { rtcpMux: 'rtcp-mux' } : {};
}
