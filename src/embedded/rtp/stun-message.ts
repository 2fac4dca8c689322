import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { HostPort } from '../../core/address.js';

/** STUN (RFC 8489) as far as ICE needs it of a side that only answers. */

const HEADER_BYTES = 20;
const MAGIC = 0x2112a442;
const BINDING_REQUEST = 0x0001;
const BINDING_RESPONSE = 0x0101;
const BINDING_ERROR = 0x0111;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const XOR_MAPPED_ADDRESS = 0x0020;
const USE_CANDIDATE = 0x0025;
const FINGERPRINT = 0x8028;
const ICE_CONTROLLED = 0x8029;
const FINGERPRINT_XOR = 0x5354554e;
const HMAC_BYTES = 20;

export interface BindingRequest {
  /** With the magic cookie in front: 16 bytes. */
  readonly transaction: Buffer;
  readonly username: string;
  readonly isAuthentic: boolean;
  readonly usesCandidate: boolean;
  /** The other side thinks that we decide. */
  readonly saysControlled: boolean;
}

/** Undefined for everything but a binding request. `password`: ours. */
export function readBindingRequest(bytes: Buffer, password: string): BindingRequest | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt16BE(0) !== BINDING_REQUEST) return undefined;
  if (bytes.readUInt32BE(4) !== MAGIC || bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES)
    return undefined;
  let username = '';
  let isAuthentic = false;
  let usesCandidate = false;
  let saysControlled = false;
  let at = HEADER_BYTES;
  while (at + 4 <= bytes.length) {
    const type = bytes.readUInt16BE(at);
    const length = bytes.readUInt16BE(at + 2);
    const value = bytes.subarray(at + 4, at + 4 + length);
    if (value.length < length) return undefined;
    if (type === MESSAGE_INTEGRITY) {
      // RFC 8489 §14.5: what follows it is not covered, but for the fingerprint to be passed over.
      isAuthentic =
        length === HMAC_BYTES && timingSafeEqual(value, integrityOf(bytes.subarray(0, at), password));
      break;
    }
    if (type === USERNAME) username = value.toString('utf8');
    if (type === USE_CANDIDATE) usesCandidate = true;
    if (type === ICE_CONTROLLED) saysControlled = true;
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return {
    transaction: bytes.subarray(4, HEADER_BYTES),
    username,
    isAuthentic,
    usesCandidate,
    saysControlled,
  };
}

/** Tells the other side what address we see it at. */
export function bindingResponse(request: BindingRequest, source: HostPort, password: string): Buffer {
  const mapped = attribute(XOR_MAPPED_ADDRESS, xorAddress(source, request.transaction));
  return finish(BINDING_RESPONSE, request.transaction, mapped, password);
}

export function bindingError(
  request: BindingRequest,
  code: number,
  reason: string,
  password: string | undefined,
): Buffer {
  const head = Buffer.from([0, 0, Math.floor(code / 100), code % 100]);
  const error = attribute(ERROR_CODE, Buffer.concat([head, Buffer.from(reason)]));
  return finish(BINDING_ERROR, request.transaction, error, password);
}

function finish(type: number, transaction: Buffer, body: Buffer, password: string | undefined): Buffer {
  let message = Buffer.concat([Buffer.alloc(4), transaction, body]);
  message.writeUInt16BE(type, 0);
  if (password !== undefined)
    message = Buffer.concat([message, attribute(MESSAGE_INTEGRITY, integrityOf(message, password))]);
  // The length counts the fingerprint when that is computed (§14.7).
  message.writeUInt16BE(message.length - HEADER_BYTES + 8, 2);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(message) ^ FINGERPRINT_XOR) >>> 0);
  return Buffer.concat([message, attribute(FINGERPRINT, fingerprint)]);
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** Of everything before it, with the length as if it were the last attribute (§14.5). */
function integrityOf(before: Buffer, password: string): Buffer {
  const covered = Buffer.from(before);
  covered.writeUInt16BE(before.length - HEADER_BYTES + 4 + HMAC_BYTES, 2);
  return createHmac('sha1', password).update(covered).digest();
}

function xorAddress({ host, port }: HostPort, transaction: Buffer): Buffer {
  const address = addressBytes(host);
  const value = Buffer.alloc(4 + address.length);
  value[1] = address.length === 4 ? 1 : 2;
  value.writeUInt16BE(port ^ (MAGIC >>> 16), 2);
  for (let i = 0; i < address.length; i++) value[4 + i] = (address[i] as number) ^ (transaction[i] as number);
  return value;
}

function addressBytes(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from(host.split('.').map(Number));
  const [head = '', tail] = (host.split('%')[0] ?? '').split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const [front, back] = [words(head), words(tail ?? '')];
  const all = [...front, ...new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0), ...back];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}
