import { isIP } from 'node:net';
import { parse, write, type MediaDescription, type SessionDescription } from 'sdp-transform';
import type { HostPort } from '../../core/address.js';
import type { G711Codec } from '../../audio/g711.js';

/** RFC 3264 §5.1, always as seen by the side whose SDP it stands in. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What we put into our own SDP. */
export interface LocalMedia {
  /** Address and port that the other side is to send to. */
  readonly address: string;
  readonly port: number;
  /** In order of preference; default PCMU, PCMA. */
  readonly codecs?: readonly G711Codec[];
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
}

/** What another side's SDP says about its audio, and what we use of it. */
export interface RemoteMedia {
  /** Where to send; undefined on hold by `c=0.0.0.0` (RFC 2543 hold). */
  readonly remote: HostPort | undefined;
  readonly codec: G711Codec;
  readonly payloadType: number;
  /** Undefined if not offered. */
  readonly telephoneEventType: number | undefined;
  /** What the other side would like to receive; 20 if it does not say. */
  readonly ptimeMs: number;
  /** The other side's direction, `c=0.0.0.0` counted as not receiving. */
  readonly direction: Direction;
}

/** An answer and what was agreed. */
export interface Answer extends RemoteMedia {
  readonly sdp: string;
  /** What the answer says: our direction. */
  readonly localDirection: Direction;
}

const STATIC_TYPES: Readonly<Record<G711Codec, number>> = { PCMU: 0, PCMA: 8 };
const TELEPHONE_EVENT_TYPE = 101;

/** Our offer: one audio stream. */
export function offerSdp(local: LocalMedia): string {
  const codecs = local.codecs ?? ['PCMU', 'PCMA'];
  const types = codecs.map((codec) => ({ payload: STATIC_TYPES[codec], codec }));
  const media = audioDescription(
    local,
    types,
    local.telephoneEvent === false ? undefined : TELEPHONE_EVENT_TYPE,
    local.direction ?? 'sendrecv',
  );
  return write({ ...sessionDescription(local), media: [media] });
}

/**
 * Our answer to `offer` (RFC 3264 §6): the first audio stream with a codec of ours is taken, with the offer's payload
 * types; every other stream is refused with port 0. Undefined if nothing fits, or `offer` cannot be read: answer 488.
 */
export function answerSdp(offer: string, local: LocalMedia): Answer | undefined {
  const session = read(offer);
  if (session === undefined) return undefined;
  const chosen = choose(session, local.codecs);
  if (chosen === undefined) return undefined;
  const { index, remote } = chosen;
  const localDirection = narrow(local.direction ?? 'sendrecv', remote.direction);
  const telephoneEventType = local.telephoneEvent === false ? undefined : remote.telephoneEventType;
  const media = session.media.map((offered, i) =>
    i === index
      ? {
          ...audioDescription(
            local,
            [{ payload: remote.payloadType, codec: remote.codec }],
            telephoneEventType,
            localDirection,
          ),
          ...(offered.mid === undefined ? {} : { mid: offered.mid }),
        }
      : refused(offered),
  );
  return {
    ...remote,
    telephoneEventType,
    localDirection,
    sdp: write({ ...sessionDescription(local), media }),
  };
}

/**
 * What an SDP of the other side (an answer to our offer, or an offer that is only looked at) says about its audio.
 * `codecs`: ours, default both; the other side's order decides. Undefined if there is no stream that we can use.
 */
export function readRemoteMedia(sdp: string, codecs?: readonly G711Codec[]): RemoteMedia | undefined {
  const session = read(sdp);
  return session === undefined ? undefined : choose(session, codecs)?.remote;
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
  codecs: readonly G711Codec[] = ['PCMU', 'PCMA'],
): { index: number; remote: RemoteMedia } | undefined {
  for (const [index, media] of session.media.entries()) {
    const remote = readAudio(session, media, codecs);
    if (remote !== undefined) return { index, remote };
  }
  return undefined;
}

function readAudio(
  session: SessionDescription,
  media: MediaDescription,
  codecs: readonly G711Codec[],
): RemoteMedia | undefined {
  // RTP/SAVP and the DTLS profiles would need keys: refused rather than answered in the clear.
  if (media.type !== 'audio' || !isPort(media.port) || !/^RTP\/AVPF?$/.test(media.protocol)) return undefined;
  const host = (media.connection ?? session.connection)?.ip;
  if (host === undefined) return undefined;
  const types = payloadTypes(media);
  const codec = types
    .map((payload) => ({ payload, codec: codecOf(media, payload) }))
    .find((entry) => entry.codec !== undefined && codecs.includes(entry.codec));
  if (codec?.codec === undefined) return undefined;
  const telephoneEventType = types.find((payload) => isTelephoneEvent(media, payload));
  const held = host === '0.0.0.0' || host === '::';
  const said = media.direction ?? session.direction ?? 'sendrecv';
  return {
    remote: held ? undefined : { host, port: media.port },
    codec: codec.codec,
    payloadType: codec.payload,
    telephoneEventType,
    ptimeMs: readPtime(media),
    direction: held ? (sends(said) ? 'sendonly' : 'inactive') : said,
  };
}

/** 0 refuses a stream (RFC 3264 §6); a socket throws on what no port can be, with each packet. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port <= 65535;
}

function payloadTypes(media: MediaDescription): number[] {
  // sdp-transform makes a number of a list with one entry.
  return String(media.payloads ?? '')
    .split(' ')
    .filter((text) => /^\d{1,3}$/.test(text))
    .map(Number)
    .filter((payload) => payload < 128);
}

function codecOf(media: MediaDescription, payload: number): G711Codec | undefined {
  const map = media.rtp.find((entry) => entry.payload === payload);
  // Types 0 and 8 need no rtpmap (RFC 3551 §6), and one that says something else is wrong about them.
  if (map === undefined) return payload === 0 ? 'PCMU' : payload === 8 ? 'PCMA' : undefined;
  if ((map.rate ?? 8000) !== 8000 || (map.encoding ?? 1) !== 1) return undefined;
  const name = map.codec.toUpperCase();
  return name === 'PCMU' || name === 'PCMA' ? name : undefined;
}

function isTelephoneEvent(media: MediaDescription, payload: number): boolean {
  const map = media.rtp.find((entry) => entry.payload === payload);
  // Its clock must be the audio's: offers with opus list a second one at 48000.
  return map?.codec.toLowerCase() === 'telephone-event' && (map.rate ?? 8000) === 8000;
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
  codecs: readonly { payload: number; codec: G711Codec }[],
  telephoneEventType: number | undefined,
  direction: Direction,
): MediaDescription {
  const event = telephoneEventType === undefined ? [] : [telephoneEventType];
  return {
    type: 'audio',
    port: local.port,
    protocol: 'RTP/AVP',
    payloads: [...codecs.map(({ payload }) => payload), ...event].join(' '),
    rtp: [
      ...codecs.map(({ payload, codec }) => ({ payload, codec, rate: 8000 })),
      ...event.map((payload) => ({ payload, codec: 'telephone-event', rate: 8000 })),
    ],
    fmtp: event.map((payload) => ({ payload, config: '0-15' })),
    ptime: local.ptimeMs ?? 20,
    direction,
  };
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
