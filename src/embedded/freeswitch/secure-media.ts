import type { HostPort } from '../../core/address.js';
import type { Logger } from '../../core/logger.js';
import type { DtlsHandshaker } from '../rtp/dtls-handshaker.js';
import type { DtlsResult } from '../rtp/dtls-messages.js';
import { MediaSecurity } from '../rtp/media-security.js';
import type { RtpSocket } from '../rtp/port-pool.js';
import type { AgreedSecurity, SecurityNegotiation } from '../rtp/security-negotiation.js';
import { WebTransport } from '../rtp/web-transport.js';

type AgreedDtls = Extract<AgreedSecurity, { kind: 'dtls' }>;

/** Puts what was negotiated for one leg to work on its socket, offer by offer. */
export class SecureMedia {
  readonly #socket: RtpSocket;
  readonly #handshaker: DtlsHandshaker;
  readonly #logger: Logger;
  #security: MediaSecurity | undefined;
  #web: WebTransport | undefined;
  #agreedDtls: AgreedDtls | undefined;

  constructor(socket: RtpSocket, handshaker: DtlsHandshaker, logger: Logger) {
    this.#socket = socket;
    this.#handshaker = handshaker;
    this.#logger = logger;
  }

  /** Packets of a protected leg that were dropped: plain, forged, repeated. */
  get refusedPackets(): number {
    return this.#security?.refused ?? 0;
  }

  /** After each answer, and before the first when the leg is our offer: then nothing plain is let in that must not be. */
  apply(negotiation: SecurityNegotiation, remote: HostPort | undefined): void {
    const { agreed, policy } = negotiation;
    if (agreed?.kind !== 'dtls') this.#closeWeb();
    if (agreed === undefined && policy.mode !== 'mandatory') {
      this.#socket.security = undefined;
      return;
    }
    const security = (this.#security ??= new MediaSecurity());
    this.#socket.security = security;
    if (agreed?.kind === 'sdes') security.use(agreed.local, agreed.remote);
    else if (agreed?.kind === 'dtls') this.#applyDtls(security, agreed, remote);
  }

  /** Safe to call twice. */
  close(): void {
    this.#closeWeb();
  }

  #applyDtls(security: MediaSecurity, agreed: AgreedDtls, remote: HostPort | undefined): void {
    // RFC 8842 §4: the same fingerprint and ICE credentials are the same association, whose keys stay.
    const before = this.#agreedDtls;
    if (before?.fingerprint === agreed.fingerprint && before.remoteUfrag === agreed.remoteUfrag) return;
    this.#closeWeb();
    this.#agreedDtls = agreed;
    this.#web = new WebTransport({
      agreed,
      signalled: remote,
      handshaker: this.#handshaker,
      send: (bytes, port, host) => this.#socket.sendRaw(bytes, port, host),
      keyed: (result) => useResult(security, result),
      failed: (reason) => this.#logger.warn({ reason }, 'DTLS failed: the call has no sound'),
    });
    security.diverter = this.#web;
  }

  #closeWeb(): void {
    this.#web?.close();
    this.#web = undefined;
    this.#agreedDtls = undefined;
    if (this.#security !== undefined) this.#security.diverter = undefined;
  }
}

function useResult(security: MediaSecurity, { suite, ...keys }: DtlsResult): void {
  security.use(
    { suite, key: Buffer.from(keys.localKey), salt: Buffer.from(keys.localSalt) },
    { suite, key: Buffer.from(keys.remoteKey), salt: Buffer.from(keys.remoteSalt) },
  );
}
