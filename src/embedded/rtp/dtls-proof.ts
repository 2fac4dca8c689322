import { verify, X509Certificate, type KeyObject } from 'node:crypto';

/** A message of a handshake, as it stands in the transcript. */
export interface HandshakeMessage {
  readonly msg_type: number;
  readonly fragment: Uint8Array;
  serialize(): Uint8Array;
}

const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_VERIFY = 15;

/** ecdsa and rsa_pkcs1 with SHA-2 (RFC 5246 §7.4.1.4.1). */
const HASHES = new Map([
  [4, 'sha256'],
  [5, 'sha384'],
  [6, 'sha512'],
]);

/**
 * Whether who shook hands has the private key of the certificate that was shown: without it a fingerprint proves nothing, for
 * certificates are public. werift does not look (0.24.4: neither at CertificateVerify nor at the signature of
 * ServerKeyExchange).
 */
export function provesCertificate(
  certificate: Uint8Array,
  transcript: readonly HandshakeMessage[],
  randoms: { readonly client: Uint8Array; readonly server: Uint8Array },
  isServer: boolean,
): boolean {
  const key = new X509Certificate(certificate).publicKey;
  return isServer ? verifiesClient(key, transcript) : verifiesServer(key, transcript, randoms);
}

/** RFC 5246 §7.4.8: the client signs all messages up to its own. */
function verifiesClient(key: KeyObject, transcript: readonly HandshakeMessage[]): boolean {
  const at = transcript.findIndex((message) => message.msg_type === CERTIFICATE_VERIFY);
  const message = transcript[at];
  if (message === undefined) return false;
  const signed = Buffer.concat(transcript.slice(0, at).map((before) => before.serialize()));
  return hasSigned(key, signed, Buffer.from(message.fragment));
}

/** RFC 8422 §5.4: the server signs both randoms and its key of this handshake. */
function verifiesServer(
  key: KeyObject,
  transcript: readonly HandshakeMessage[],
  randoms: { readonly client: Uint8Array; readonly server: Uint8Array },
): boolean {
  const message = transcript.find(({ msg_type: type }) => type === SERVER_KEY_EXCHANGE);
  if (message === undefined) return false;
  const body = Buffer.from(message.fragment);
  // Curve type, named curve, length of the point.
  const parameters = body.subarray(0, 4 + (body[3] ?? 0));
  const signed = Buffer.concat([randoms.client, randoms.server, parameters]);
  return hasSigned(key, signed, body.subarray(parameters.length));
}

/** `proof`: hash, signature algorithm, length, signature. */
function hasSigned(key: KeyObject, signed: Buffer, proof: Buffer): boolean {
  const hash = HASHES.get(proof[0] ?? 0);
  if (hash === undefined || proof.length < 4) return false;
  const signature = proof.subarray(4, 4 + proof.readUInt16BE(2));
  return verify(hash, signed, key, signature);
}
