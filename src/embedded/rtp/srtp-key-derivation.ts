import { createCipheriv } from 'node:crypto';
import type { SrtpMasterKey } from './srtp-suite.js';

/** RFC 3711 §4.3.2: what a session key is for. SRTCP's are three higher. */
const LABEL_CIPHER = 0;
const LABEL_AUTHENTICATION = 1;
const LABEL_SALT = 2;
const RTCP_LABELS = 3;

export interface SrtpSessionKeys {
  /** 16 bytes. */
  readonly cipherKey: Buffer;
  /** 20 bytes; not used by AEAD. */
  readonly authenticationKey: Buffer;
  /** As long as the master salt. */
  readonly salt: Buffer;
}

/** The session keys of RTP, or of RTCP, with a key derivation rate of 0 (RFC 3711 §4.3): once for the whole session. */
export function deriveSessionKeys(master: SrtpMasterKey, isRtcp: boolean): SrtpSessionKeys {
  const labels = isRtcp ? RTCP_LABELS : 0;
  return {
    cipherKey: derive(master, LABEL_CIPHER + labels, 16),
    authenticationKey: derive(master, LABEL_AUTHENTICATION + labels, 20),
    salt: derive(master, LABEL_SALT + labels, master.salt.length),
  };
}

function derive({ key, salt }: SrtpMasterKey, label: number, lengthBytes: number): Buffer {
  // x = label * 2^48 XOR salt, and the counter begins at x * 2^16. A salt of 12 bytes is filled up at its end (RFC 7714 §11).
  const counter = Buffer.alloc(16);
  salt.copy(counter);
  counter[7] = (counter[7] as number) ^ label;
  return createCipheriv('aes-128-ctr', key, counter).update(Buffer.alloc(lengthBytes));
}
