import type { MediaDescription, SessionDescription } from 'sdp-transform';
import { isSrtpSuite, saltBytesOf, SRTP_KEY_BYTES, type SrtpMasterKey } from './srtp-suite.js';

/** One `a=crypto` that we can use (RFC 4568). */
export interface CryptoLine {
  readonly tag: number;
  /** With which the side that says it sends. */
  readonly master: SrtpMasterKey;
}

/** Who begins the DTLS handshake (RFC 4145 §4.1): `active` does. */
export type DtlsSetup = 'active' | 'passive' | 'actpass' | 'holdconn';

/** What an SDP says about the protection of one stream. */
export interface StreamSecurity {
  /** As it stands in the m= line. */
  readonly profile: string;
  /** In order of preference; what we cannot use is left out. */
  readonly crypto: readonly CryptoLine[];
  readonly dtls:
    | {
        /** Of the certificate, by SHA-256, upper case with colons. */
        readonly fingerprint: string;
        readonly setup: DtlsSetup;
      }
    | undefined;
  readonly ice: { readonly ufrag: string; readonly password: string } | undefined;
  /** First and best UDP candidate, where there is one. */
  readonly candidate: { readonly host: string; readonly port: number } | undefined;
  readonly isRtcpMux: boolean;
}

/** The lines of ours that say how a stream is protected, and its profile. */
export type SecurityLines = Partial<MediaDescription> & { readonly protocol?: string };

/** One side's decisions about protection; see SecurityNegotiation. */
export interface StreamProtection {
  /** Whether a stream that says this can be used at all. */
  canTake(offered: StreamSecurity): boolean;
  /** For an answer to it. */
  answerLines(offered: StreamSecurity): SecurityLines;
  offerLines(): SecurityLines;
  /** What stands above the streams, as `ice-lite`. */
  sessionLines(): Partial<SessionDescription>;
}

/** Without protection: profiles that would need keys are refused rather than answered in the clear. */
export function isPlain(security: StreamSecurity): boolean {
  return /^RTP\/AVPF?$/.test(security.profile);
}

/** SDES (RFC 4568). */
export function isSdesProfile(security: StreamSecurity): boolean {
  return /^RTP\/SAVPF?$/.test(security.profile);
}

/** DTLS-SRTP (RFC 5764 §8). Browsers of old wrote RTP/SAVPF, with a fingerprint. */
export function isDtls(security: StreamSecurity): boolean {
  if (security.dtls === undefined) return false;
  return /^UDP\/TLS\/RTP\/SAVPF?$/.test(security.profile) || security.profile === 'RTP/SAVPF';
}

/** sdp-transform makes numbers of what looks like one, hence the many String(). */
export function readSecurity(session: SessionDescription, media: MediaDescription): StreamSecurity {
  return {
    profile: String(media.protocol),
    crypto: (media.crypto ?? []).map(readCrypto).filter((line) => line !== undefined),
    dtls: readDtls(session, media),
    ice: readIce(session, media),
    candidate: readCandidate(media),
    isRtcpMux: media.rtcpMux !== undefined,
  };
}

/** `1 AES_CM_128_HMAC_SHA1_80 inline:...` */
export function cryptoLine({ tag, master }: CryptoLine): NonNullable<MediaDescription['crypto']>[number] {
  const key = Buffer.concat([master.key, master.salt]).toString('base64');
  return { id: tag, suite: master.suite, config: `inline:${key}` };
}

/** Undefined for what we cannot do: a line that is none is passed over (RFC 4568 §7.1.2). */
function readCrypto(line: NonNullable<MediaDescription['crypto']>[number]): CryptoLine | undefined {
  if (!isSrtpSuite(line.suite)) return undefined;
  // WSH says how large the sender's replay window should be; all others would change what packets look like.
  const parameters = String(line.sessionConfig ?? '')
    .split(' ')
    .filter((text) => text !== '');
  if (parameters.some((text) => !text.startsWith('WSH='))) return undefined;
  // Several keys, or one with a master key identifier, would lengthen each packet by it.
  const match = /^inline:([A-Za-z0-9+/=]+)(?:\|(2\^\d{1,2}|\d{1,15}))?$/.exec(String(line.config));
  if (match === null) return undefined;
  const bytes = Buffer.from(match[1] ?? '', 'base64');
  if (bytes.length !== SRTP_KEY_BYTES + saltBytesOf(line.suite)) return undefined;
  const key = bytes.subarray(0, SRTP_KEY_BYTES);
  const salt = bytes.subarray(SRTP_KEY_BYTES);
  return { tag: line.id, master: { suite: line.suite, key, salt, lifetimePackets: readLifetime(match[2]) } };
}

function readLifetime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const packets = text.startsWith('2^') ? 2 ** Number(text.slice(2)) : Number(text);
  return packets > 0 && packets < 2 ** 48 ? packets : undefined;
}

function readDtls(session: SessionDescription, media: MediaDescription): StreamSecurity['dtls'] {
  const fingerprint = media.fingerprint ?? session.fingerprint;
  if (fingerprint === undefined || String(fingerprint.type).toLowerCase() !== 'sha-256') return undefined;
  const setup = media.setup ?? session.setup ?? 'actpass';
  if (!/^(active|passive|actpass|holdconn)$/.test(setup)) return undefined;
  return { fingerprint: String(fingerprint.hash).toUpperCase(), setup: setup as DtlsSetup };
}

function readIce(session: SessionDescription, media: MediaDescription): StreamSecurity['ice'] {
  const ufrag = media.iceUfrag ?? session.iceUfrag;
  const password = media.icePwd ?? session.icePwd;
  return ufrag === undefined || password === undefined
    ? undefined
    : { ufrag: String(ufrag), password: String(password) };
}

function readCandidate(media: MediaDescription): StreamSecurity['candidate'] {
  const [best] = (media.candidates ?? [])
    .filter((entry) => entry.component === 1 && String(entry.transport).toLowerCase() === 'udp')
    // A name of multicast DNS hides the address; the checks bring it.
    .filter((entry) => !String(entry.ip).endsWith('.local'))
    .sort((a, b) => Number(b.priority) - Number(a.priority));
  return best === undefined ? undefined : { host: String(best.ip), port: best.port };
}
