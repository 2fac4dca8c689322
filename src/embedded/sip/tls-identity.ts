import { readFile } from 'node:fs/promises';
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { errorCode } from '../../core/errors.js';
import { sipStackError } from './errors.js';

/** Files are paths of PEM. */
export interface TlsOptions {
  /** Our certificate with its chain; needed to listen on tls: and wss:. Shown to the servers we connect to as well. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Whom we trust when we connect to others; default: the authorities that Node brings along. */
  readonly ca?: string | undefined;
  /** Whether who we connect to must prove its name (RFC 5922). Default true. */
  readonly verifyPeer?: boolean | undefined;
  /** For clients: tls: and wss: need no certificate, and take no connections then. Default false. */
  readonly connectOnly?: boolean | undefined;
}

export interface TlsIdentity {
  /** Undefined without a certificate. */
  readonly server: SecureContextOptions | undefined;
  readonly client: SecureContext;
  readonly verifyPeer: boolean;
}

/** SIP over anything older has been forbidden (RFC 8996). */
const minVersion = 'TLSv1.2';

/**
 * Reads the files. Rejects SIP_TLS_FILE_UNUSABLE, which names the file, and SIP_TLS_CERTIFICATE_MISSING when `listen`
 * has an address that needs one.
 */
export async function loadTlsIdentity(options: TlsOptions, listen: readonly string[]): Promise<TlsIdentity> {
  const secured = listen.find((address) => /^(tls|wss):/.test(address));
  const { certificate, key, connectOnly = false, verifyPeer = true } = options;
  if ((certificate === undefined) !== (key === undefined) || (certificate === undefined && !connectOnly)) {
    if (secured !== undefined || certificate !== undefined || key !== undefined) {
      throw sipStackError('SIP_TLS_CERTIFICATE_MISSING', { address: secured ?? 'tls:' });
    }
  }
  const cert = await readPem(certificate);
  const pair = { cert, key: await readPem(key), minVersion } as const;
  const ca = await readPem(options.ca);
  const make = (files: string, more: object): SecureContext => {
    try {
      return createSecureContext({ ...pair, ...more });
    } catch (error) {
      throw sipStackError('SIP_TLS_FILE_UNUSABLE', { file: files, reason: errorCode(error) }, error);
    }
  };
  make(`${certificate} with ${key}`, {});
  return {
    server: cert === undefined ? undefined : pair,
    client: make(options.ca ?? 'the certificate', { ca }),
    verifyPeer,
  };
}

/**
 * The error of a certificate that does not bear `name`, as a URI of SIP (RFC 5922 §7.1) or as certificates of web servers do,
 * with `*` too, which RFC 5922 §7.2 would forbid and carriers use.
 */
export function checkSipIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname ?? '';
  // Where Node had to quote something, a comma parts nothing.
  const isPlain = !names.includes('"');
  if (isPlain && names.toLowerCase().split(', ').includes(`uri:sip:${name.toLowerCase()}`)) return undefined;
  return checkServerIdentity(name, certificate);
}

async function readPem(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch (error) {
    throw sipStackError('SIP_TLS_FILE_UNUSABLE', { file, reason: errorCode(error) }, error);
  }
}
