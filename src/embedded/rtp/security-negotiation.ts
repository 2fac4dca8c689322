import { randomBytes } from 'node:crypto';
import type { SessionDescription } from 'sdp-transform';
import type { HostPort } from '../../core/address.js';
import {
  cryptoLine,
  isDtls,
  isPlain,
  isSdesProfile,
  type CryptoLine,
  type SecurityLines,
  type StreamProtection,
  type StreamSecurity,
} from './sdp-security.js';
import { isSrtpSuite, makeMasterKey, SRTP_SUITES, type SrtpMasterKey, type SrtpSuite } from './srtp-suite.js';

/**
 * What the variable `rtp_secure_media` says: `accept` (it is not set) takes what is offered and offers none; `optional`
 * offers keys, and goes on without; `mandatory` refuses plain RTP; `forbidden` refuses keys.
 */
export interface SecurityPolicy {
  readonly mode: 'accept' | 'optional' | 'mandatory' | 'forbidden';
  /** In order of preference. */
  readonly suites: readonly SrtpSuite[];
}

/** `mandatory:AES_CM_128_HMAC_SHA1_80:...`, `true`, `optional`, `false`; what it does not know means `accept`. */
export function parseSecurityPolicy(text: string | undefined): SecurityPolicy {
  const [mode = '', ...names] = (text ?? '').split(':');
  const named = names.map((name) => name.toUpperCase()).filter(isSrtpSuite);
  const suites = named.length === 0 ? SRTP_SUITES : named;
  switch (mode.trim().toLowerCase()) {
    case 'mandatory':
    case 'true':
    case 'yes':
      return { mode: 'mandatory', suites };
    case 'optional':
      return { mode: 'optional', suites };
    case 'forbidden':
    case 'false':
    case 'no':
      return { mode: 'forbidden', suites };
    default:
      return { mode: 'accept', suites };
  }
}

/** What protects a stream after an offer and its answer. */
export type AgreedSecurity =
  | { readonly kind: 'sdes'; readonly local: SrtpMasterKey; readonly remote: SrtpMasterKey }
  | {
      readonly kind: 'dtls';
      /** We begin the handshake. */
      readonly isActive: boolean;
      /** Of the other side's certificate. */
      readonly fingerprint: string;
      /** Of the other side; another one is another transport (RFC 8445 §4, ICE restart). */
      readonly remoteUfrag: string | undefined;
      readonly ice: { readonly localUfrag: string; readonly localPassword: string } | undefined;
    };

/** What DTLS-SRTP needs of us; one for the life of a leg. */
export interface DtlsEnd {
  /** Of our certificate, by SHA-256. */
  readonly fingerprint: string;
  readonly ufrag: string;
  readonly password: string;
  /** What the other side is to send to. */
  readonly address: string;
  readonly port: number;
}

/** RFC 8445 §5.3: 24 and 128 random bits at least. */
export function makeDtlsEnd(fingerprint: string, local: HostPort): DtlsEnd {
  return {
    fingerprint,
    ufrag: randomBytes(4).toString('hex'),
    password: randomBytes(16).toString('hex'),
    address: local.host,
    port: local.port,
  };
}

/**
 * Decides how one leg's stream is protected, offer by offer. Our keys stay the same for the life of the leg, so that a
 * re-INVITE disturbs nothing; theirs may change with each.
 */
export class SecurityNegotiation implements StreamProtection {
  policy: SecurityPolicy;
  /** Undefined: plain RTP. */
  agreed: AgreedSecurity | undefined;
  /** Of what we send: browsers are told before the first packet, and drop what they were not told of. */
  readonly ssrc = randomBytes(4).readUInt32BE();
  readonly cname = randomBytes(12).toString('base64');
  readonly #keys = new Map<SrtpSuite, SrtpMasterKey>();
  readonly #makeDtlsEnd: (() => DtlsEnd) | undefined;
  #dtlsEnd: DtlsEnd | undefined;
  #offeredProfile = 'RTP/AVP';

  /** `makeDtlsEnd`: called when DTLS is first offered; without it, DTLS is refused. */
  constructor(policy = parseSecurityPolicy(undefined), makeDtlsEnd?: () => DtlsEnd) {
    this.policy = policy;
    this.#makeDtlsEnd = makeDtlsEnd;
  }

  canTake(offered: StreamSecurity): boolean {
    const { mode } = this.policy;
    if (isPlain(offered)) return mode !== 'mandatory' || this.#cryptoOf(offered) !== undefined;
    if (mode === 'forbidden') return false;
    if (isDtls(offered)) return this.#makeDtlsEnd !== undefined && offered.isRtcpMux;
    return isSdesProfile(offered) && this.#cryptoOf(offered) !== undefined;
  }

  answerLines(offered: StreamSecurity): SecurityLines {
    if (isDtls(offered)) return this.#dtlsLines(offered, this.#isActiveFor(offered) ? 'active' : 'passive');
    const line = this.#cryptoOf(offered);
    // A profile is answered with itself (RFC 4568 §5.1.3); phones put keys into RTP/AVP when they would rather have them.
    if (line === undefined) return { protocol: offered.profile };
    const master = this.#keyOf(line.master.suite);
    return { protocol: offered.profile, crypto: [cryptoLine({ tag: line.tag, master })] };
  }

  offerLines(): SecurityLines {
    const lines = this.#offerLines();
    this.#offeredProfile = lines.protocol ?? 'RTP/AVP';
    return lines;
  }

  #offerLines(): SecurityLines {
    const { mode, suites } = this.policy;
    // An offer inside a call must not take protection away.
    if (this.agreed?.kind === 'dtls') return this.#dtlsLines(undefined, 'actpass');
    const isOffered = mode === 'mandatory' || mode === 'optional' || this.agreed !== undefined;
    if (!isOffered) return {};
    return {
      protocol: mode === 'optional' ? 'RTP/AVP' : 'RTP/SAVP',
      crypto: suites.map((suite, i) => cryptoLine({ tag: i + 1, master: this.#keyOf(suite) })),
    };
  }

  sessionLines(): Partial<SessionDescription> {
    // RFC 8445 §2.5: we have one address that all can reach, and check nothing.
    return this.#dtlsEnd === undefined ? {} : { icelite: 'ice-lite' };
  }

  /** The offer `offered` was answered by us. */
  answered(offered: StreamSecurity): void {
    if (isDtls(offered)) this.#agreeDtls(offered);
    else this.#agree(this.#cryptoOf(offered));
  }

  /** Our offer was answered with `answer`; false: it does not fit what we offered. */
  accept(answer: StreamSecurity): boolean {
    if (isDtls(answer)) {
      this.#agreeDtls(answer);
      return true;
    }
    // An answer names one of our lines by its tag (RFC 4568 §7.1.3); drachtio-fsmrf's first answer is our own offer.
    const offered = this.policy.suites;
    this.#agree(answer.crypto.find(({ tag, master }) => offered[tag - 1] === master.suite));
    return this.agreed !== undefined || (isPlain(answer) && this.#offeredProfile === 'RTP/AVP');
  }

  #agree(line: CryptoLine | undefined): void {
    this.agreed =
      line === undefined
        ? undefined
        : { kind: 'sdes', local: this.#keyOf(line.master.suite), remote: line.master };
  }

  #agreeDtls(other: StreamSecurity): void {
    if (other.dtls === undefined) return;
    const end = this.#end();
    this.agreed = {
      kind: 'dtls',
      isActive: this.#isActiveFor(other),
      fingerprint: other.dtls.fingerprint,
      remoteUfrag: other.ice?.ufrag,
      ice: other.ice === undefined ? undefined : { localUfrag: end.ufrag, localPassword: end.password },
    };
  }

  /** `actpass` leaves it to us: we wait, because the first packet then tells where the other side really is. */
  #isActiveFor(other: StreamSecurity): boolean {
    return other.dtls?.setup === 'passive';
  }

  #dtlsLines(offered: StreamSecurity | undefined, setup: string): SecurityLines {
    const end = this.#end();
    const lines: SecurityLines = {
      protocol: offered?.profile ?? 'UDP/TLS/RTP/SAVPF',
      fingerprint: { type: 'sha-256', hash: end.fingerprint },
      setup,
      rtcpMux: 'rtcp-mux',
      // RFC 5576 §4.1.
      ssrcs: [{ id: this.ssrc, attribute: 'cname', value: this.cname }],
    };
    if (offered !== undefined && offered.ice === undefined) return lines;
    return {
      ...lines,
      iceUfrag: end.ufrag,
      icePwd: end.password,
      candidates: [
        {
          foundation: '1',
          component: 1,
          transport: 'udp',
          // RFC 8445 §5.1.2.1: a host candidate, the only one.
          priority: 2_130_706_431,
          ip: end.address,
          port: end.port,
          type: 'host',
        },
      ],
      endOfCandidates: 'end-of-candidates',
    };
  }

  #end(): DtlsEnd {
    if (this.#makeDtlsEnd === undefined) throw new RangeError('no DTLS here');
    return (this.#dtlsEnd ??= this.#makeDtlsEnd());
  }

  /** The first line of theirs that we may use. */
  #cryptoOf(offered: StreamSecurity): CryptoLine | undefined {
    const { mode, suites } = this.policy;
    if (mode === 'forbidden') return undefined;
    return offered.crypto.find(({ master }) => suites.includes(master.suite));
  }

  #keyOf(suite: SrtpSuite): SrtpMasterKey {
    const known = this.#keys.get(suite);
    if (known !== undefined) return known;
    const made = makeMasterKey(suite);
    this.#keys.set(suite, made);
    return made;
  }
}
