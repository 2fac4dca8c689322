import { isIP } from 'node:net';
import { parse, write, type MediaDescription, type SessionDescription } from 'sdp-transform';
import type { HostPort } from '../../core/address.js';
import type { AudioCodec } from './codec.js';
import { isPlain, readSecurity, type StreamProtection, type StreamSecurity } from './sdp-security.js';
import { muxLine, readRemoteRtcp, type RemoteRtcp } from './sdp-rtcp.js';
import {
  eventsBeside,
  formatLines,
  offerFormats,
  readEvents,
  readFormats,
  type AudioFormat,
  type EventFormat,
} from './sdp-formats.js';

/** RFC 3264 §5.1, always as seen by the side whose SDP it stands in. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What we put into our own SDP. */
export interface LocalMedia {
  /** Address and port that the other side is to send to. */
  readonly address: string;
  readonly port: number;
  /** In order of preference; default PCMU, PCMA. */
  readonly codecs?: readonly AudioCodec[];
  /** Default true. */
  readonly telephoneEvent?: boolean;
  /** Default 20. */
  readonly ptimeMs?: number;
  /** Default sendrecv; an answer narrows it to what the offer allows. */
  readonly direction?: Direction;
  /** Same session id through a dialog, version one higher with each new SDP (RFC 4566 §5.2). Default: from the time. */
  readonly sessionId?: number;
  readonly sessionVersion?: number;
  /** User name of the o= line and the s= line. Default `xiangyin`. */
  readonly name?: string;
  /** Default none: streams that must be protected are refused. */
  readonly protection?: StreamProtection;
}

/** What another side's SDP says about its audio, and what we use of it. */
export interface RemoteMedia {
  /** Where to send; undefined on hold by `c=0.0.0.0` (RFC 2543 hold). */
  readonly remote: HostPort | undefined;
  /** The first of `formats`. */
  readonly codec: AudioCodec;
  readonly payloadType: number;
  /** The one of `events` that goes with the codec; undefined if not offered. */
  readonly telephoneEventType: number | undefined;
  /** Everything of ours in it: RFC 3264 §7 lets a side send any codec of the answer. An answer of ours has one. */
  readonly formats: readonly AudioFormat[];
  readonly events: readonly EventFormat[];
  readonly rtcp: RemoteRtcp;
  /** What the other side would like to receive; 20 if it does not say. */
  readonly ptimeMs: number;
  /** The other side's direction, `c=0.0.0.0` counted as not receiving. */
  readonly direction: Direction;
  readonly security: StreamSecurity;
}

/** An answer and what was agreed. */
export interface Answer extends RemoteMedia {
  readonly sdp: string;
  /** What the answer says: our direction. */
  readonly localDirection: Direction;
}

const DEFAULT_CODECS: readonly AudioCodec[] = ['PCMU', 'PCMA'];

/** Our offer: one audio stream. */
export function offerSdp(local: LocalMedia): string {
  const { formats, events } = offerFormats(local.codecs ?? DEFAULT_CODECS, local.telephoneEvent !== false);
  const media = {
    ...audioDescription(local, formats, events, local.direction ?? 'sendrecv'),
    ...local.protection?.offerLines(),
  };
  return write({ ...sessionDescription(local), ...local.protection?.sessionLines(), media: [media] });
}

/**
 * Our answer to `offer` (RFC 3264 §6): the first audio stream with a codec of ours is taken, with the offer's payload
 * types; every other stream is refused with port 0. Undefined if nothing fits, or `offer` cannot be read: answer 488.
 */
export function answerSdp(offer: string, local: LocalMedia): Answer | undefined {
  const session = read(offer);
  if (session === undefined) return undefined;
  const chosen = choose(session, local.codecs, local.protection);
  if (chosen === undefined) return undefined;
  const { index, remote } = chosen;
  const bundle = bundleOf(session, index);
  const localDirection = narrow(local.direction ?? 'sendrecv', remote.direction);
  const formats = remote.formats.slice(0, 1);
  const events = local.telephoneEvent === false ? [] : remote.events;
  const telephoneEvent = eventsBeside(remote.codec, events);
  const media = session.media.map((offered, i) =>
    i === index
      ? {
          ...audioDescription(
            local,
            formats,
            telephoneEvent === undefined ? [] : [telephoneEvent],
            localDirection,
          ),
          ...local.protection?.answerLines(remote.security),
          ...muxLine(remote.rtcp),
          ...(offered.mid === undefined ? {} : { mid: offered.mid }),
        }
      : refused(offered),
  );
  return {
    ...remote,
    formats,
    events,
    telephoneEventType: telephoneEvent?.payloadType,
    localDirection,
    sdp: write({ ...sessionDescription(local), ...local.protection?.sessionLines(), ...bundle, media }),
  };
}

/**
 * What an SDP of the other side (an answer to our offer, or an offer that is only looked at) says about its audio.
 * `codecs`: ours, default PCMU and PCMA; the other side's order decides. Undefined if there is no stream that we can use.
 */
export function readRemoteMedia(
  sdp: string,
  codecs?: readonly AudioCodec[],
  protection?: StreamProtection,
): RemoteMedia | undefined {
  const session = read(sdp);
  return session === undefined ? undefined : choose(session, codecs, protection)?.remote;
}

/** What an answerer may do when it would like `wanted` and the offer says `offered` (RFC 3264 §6.1). */
export function narrow(wanted: Direction, offered: Direction): Direction {
  const send = sends(wanted) && receives(offered);
  const receive = receives(wanted) && sends(offered);
  return send ? (receive ? 'sendrecv' : 'sendonly') : receive ? 'recvonly' : 'inactive';
}

/** Whether the side that says `direction` sends. */
export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

/** Whether the side that says `direction` receives. */
export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

function read(sdp: string): SessionDescription | undefined {
  try {
    const session = parse(sdp);
    return Array.isArray(session.media) ? session : undefined;
  } catch {
    // What sdp-transform cannot read at all is an offer in which nothing fits.
    return undefined;
  }
}

function choose(
  session: SessionDescription,
  codecs: readonly AudioCodec[] = DEFAULT_CODECS,
  protection?: StreamProtection,
): { index: number; remote: RemoteMedia } | undefined {
  for (const [index, media] of session.media.entries()) {
    const remote = readAudio(session, media, codecs, protection);
    if (remote !== undefined) return { index, remote };
  }
  return undefined;
}

function readAudio(
  session: SessionDescription,
  media: MediaDescription,
  codecs: readonly AudioCodec[],
  protection: StreamProtection | undefined,
): RemoteMedia | undefined {
  if (media.type !== 'audio' || !isPort(media.port)) return undefined;
  const security = readSecurity(session, media);
  if (!(protection?.canTake(security) ?? isPlain(security))) return undefined;
  const host = (media.connection ?? session.connection)?.ip;
  if (host === undefined) return undefined;
  const formats = readFormats(media, codecs);
  const [first] = formats;
  if (first === undefined) return undefined;
  const events = readEvents(media);
  const isNowhere = host === '0.0.0.0' || host === '::';
  // Browsers write 0.0.0.0 while ICE has not found an address: its checks will tell.
  const held = isNowhere && security.ice === undefined;
  const said = media.direction ?? session.direction ?? 'sendrecv';
  return {
    remote: held
      ? undefined
      : isNowhere && security.candidate
        ? security.candidate
        : { host, port: media.port },
    codec: first.codec,
    payloadType: first.payloadType,
    telephoneEventType: eventsBeside(first.codec, events)?.payloadType,
    formats,
    events,
    rtcp: readRemoteRtcp(media, host),
    ptimeMs: readPtime(media),
    direction: held ? (sends(said) ? 'sendonly' : 'inactive') : said,
    security,
  };
}

/** 0 refuses a stream (RFC 3264 §6); a socket throws on what no port can be, with each packet. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65535;
}

function readPtime(media: MediaDescription): number {
  const ptime = Number(media.ptime ?? 20);
  const limit = Number(media.maxptime ?? 200);
  return ptime >= 10 && ptime <= 200 ? Math.min(ptime, Math.max(10, limit)) : 20;
}

function sessionDescription(local: LocalMedia): Omit<SessionDescription, 'media'> {
  const ipVer = isIP(local.address) === 6 ? 6 : 4;
  const name = local.name ?? 'xiangyin';
  const sessionId = local.sessionId ?? Date.now();
  return {
    version: 0,
    origin: {
      username: name,
      sessionId,
      sessionVersion: local.sessionVersion ?? sessionId,
      netType: 'IN',
      ipVer,
      address: local.address,
    },
    name,
    connection: { version: ipVer, ip: local.address },
    timing: { start: 0, stop: 0 },
  };
}

function audioDescription(
  local: LocalMedia,
  formats: readonly AudioFormat[],
  events: readonly EventFormat[],
  direction: Direction,
): MediaDescription {
  return {
    type: 'audio',
    port: local.port,
    protocol: 'RTP/AVP',
    ...formatLines(formats, events),
    ptime: local.ptimeMs ?? 20,
    direction,
  };
}

/** The group of the stream that is taken, alone in it (RFC 9143 §7.3.1): its first stream, which gives the transport. */
function bundleOf(session: SessionDescription, index: number): Pick<SessionDescription, 'groups'> {
  const mid = session.media[index]?.mid;
  const isBundled = session.groups?.some(
    ({ type, mids }) => type === 'BUNDLE' && String(mids).split(' ').includes(String(mid)),
  );
  return mid !== undefined && isBundled === true ? { groups: [{ type: 'BUNDLE', mids: mid }] } : {};
}

function refused(offered: MediaDescription): MediaDescription {
  // RFC 3264 §6: port 0, and at least one format of the offer.
  return {
    type: offered.type,
    port: 0,
    protocol: offered.protocol,
    payloads: String(offered.payloads ?? '0'),
    rtp: [],
    fmtp: [],
  };
}
