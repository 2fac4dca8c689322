import { readUint32, writeUint32 } from './packet.js';

/** RTCP packets as bytes (RFC 3550 §6). Pure. */

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const CNAME = 1;

/** RFC 3550 §6.4.1: what one side says about what it received of a source. */
export interface ReportBlock {
  readonly ssrc: number;
  /** Since the last report, 0 to 255 for 0 to 1. */
  readonly fractionLost: number;
  /** Since the beginning, signed: duplicates count against it. */
  readonly cumulativeLost: number;
  /** 32 bits: the sequence number with its cycles above it. */
  readonly highestSequence: number;
  /** In the source's timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's time; 0: none came. */
  readonly lastSenderReport: number;
  /** Since then, in 1/65536 s. */
  readonly delaySinceLast: number;
}

/** RFC 3550 §6.4.1: what a sender says about itself. */
export interface SenderInfo {
  /** Seconds since 1900, and 2^-32 of them. */
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  /** The same moment in the stream's clock. */
  readonly rtpTimestamp: number;
  readonly packets: number;
  /** Payload alone. */
  readonly octets: number;
}

export type RtcpPacket =
  | {
      readonly kind: 'report';
      readonly ssrc: number;
      readonly sender?: SenderInfo;
      readonly blocks: readonly ReportBlock[];
    }
  | { readonly kind: 'description'; readonly names: ReadonlyMap<number, string> }
  | { readonly kind: 'bye'; readonly ssrcs: readonly number[]; readonly reason?: string }
  /** Application-defined, feedback, extended reports. */
  | { readonly kind: 'other'; readonly type: number };

/** What one compound packet of ours says. */
export interface CompoundReport {
  readonly ssrc: number;
  readonly cname: string;
  /** There when we have sent since the last report (RFC 3550 §6.4). */
  readonly sender?: SenderInfo | undefined;
  /** At most 31. */
  readonly blocks: readonly ReportBlock[];
  /** We leave. */
  readonly isBye?: boolean;
}

/**
 * A compound packet (RFC 3550 §6.1): a report, empty if there is nothing to report, then the CNAME, then a BYE when we leave.
 */
export function writeRtcp(report: CompoundReport): Uint8Array {
  const { ssrc, sender, blocks, isBye = false } = report;
  const name = new TextEncoder().encode(report.cname).subarray(0, 255);
  const reportBytes = 8 + (sender === undefined ? 0 : 20) + 24 * blocks.length;
  // The items end with at least one zero, up to the next 32 bits (§6.5).
  const descriptionBytes = 8 + Math.ceil((2 + name.length + 1) / 4) * 4;
  const bytes = new Uint8Array(reportBytes + descriptionBytes + (isBye ? 8 : 0));
  writeHeader(bytes, 0, blocks.length, sender === undefined ? RECEIVER_REPORT : SENDER_REPORT, reportBytes);
  writeUint32(bytes, 4, ssrc);
  let at = 8;
  if (sender !== undefined) {
    writeUint32(bytes, at, sender.ntpSeconds);
    writeUint32(bytes, at + 4, sender.ntpFraction);
    writeUint32(bytes, at + 8, sender.rtpTimestamp);
    writeUint32(bytes, at + 12, sender.packets);
    writeUint32(bytes, at + 16, sender.octets);
    at += 20;
  }
  for (const block of blocks) {
    writeBlock(bytes, at, block);
    at += 24;
  }
  writeHeader(bytes, at, 1, SOURCE_DESCRIPTION, descriptionBytes);
  writeUint32(bytes, at + 4, ssrc);
  bytes[at + 8] = CNAME;
  bytes[at + 9] = name.length;
  bytes.set(name, at + 10);
  at += descriptionBytes;
  if (isBye) {
    writeHeader(bytes, at, 1, GOODBYE, 8);
    writeUint32(bytes, at + 4, ssrc);
  }
  return bytes;
}

/**
 * The packets of a compound packet; undefined when it is none (RFC 3550 §A.2): another version, lengths that do not add up,
 * another first packet than a report, padding before the last packet.
 */
export function readRtcp(bytes: Uint8Array): RtcpPacket[] | undefined {
  const packets: RtcpPacket[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined;
    const first = bytes[at] as number;
    const type = bytes[at + 1] as number;
    const length = 4 + 4 * (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    let end = at + length;
    if (first >> 6 !== 2 || end > bytes.length) return undefined;
    if (at === 0 && type !== SENDER_REPORT && type !== RECEIVER_REPORT) return undefined;
    if ((first & 0x20) !== 0) {
      const padding = bytes[end - 1] as number;
      if (end !== bytes.length || padding === 0 || padding > length - 4) return undefined;
      end -= padding;
    }
    const packet = readPacket(bytes, at, end, type, first & 0x1f);
    if (packet === undefined) return undefined;
    packets.push(packet);
    at += length;
  }
  return packets.length === 0 ? undefined : packets;
}

function readPacket(
  bytes: Uint8Array,
  at: number,
  end: number,
  type: number,
  count: number,
): RtcpPacket | undefined {
  switch (type) {
    case SENDER_REPORT:
    case RECEIVER_REPORT:
      return readReport(bytes, at, end, type === SENDER_REPORT, count);
    case SOURCE_DESCRIPTION:
      return readDescription(bytes, at + 4, end, count);
    case GOODBYE:
      return readBye(bytes, at + 4, end, count);
    default:
      return { kind: 'other', type };
  }
}

function readReport(
  bytes: Uint8Array,
  at: number,
  end: number,
  isSender: boolean,
  count: number,
): RtcpPacket | undefined {
  const blocksAt = at + (isSender ? 28 : 8);
  // What follows the blocks is an extension of a profile.
  if (blocksAt + 24 * count > end) return undefined;
  const blocks: ReportBlock[] = [];
  for (let i = 0; i < count; i++) blocks.push(readBlock(bytes, blocksAt + 24 * i));
  const ssrc = readUint32(bytes, at + 4);
  if (!isSender) return { kind: 'report', ssrc, blocks };
  const sender = {
    ntpSeconds: readUint32(bytes, at + 8),
    ntpFraction: readUint32(bytes, at + 12),
    rtpTimestamp: readUint32(bytes, at + 16),
    packets: readUint32(bytes, at + 20),
    octets: readUint32(bytes, at + 24),
  };
  return { kind: 'report', ssrc, sender, blocks };
}

function readDescription(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
): RtcpPacket | undefined {
  const names = new Map<number, string>();
  let at = from;
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) return undefined;
    const ssrc = readUint32(bytes, at);
    const chunk = at;
    at += 4;
    while (at < end && bytes[at] !== 0) {
      if (at + 2 > end) return undefined;
      const next = at + 2 + (bytes[at + 1] as number);
      if (next > end) return undefined;
      if (bytes[at] === CNAME) names.set(ssrc, new TextDecoder().decode(bytes.subarray(at + 2, next)));
      at = next;
    }
    // The zero that ends the items, then up to the next 32 bits.
    at = chunk + Math.ceil((at + 1 - chunk) / 4) * 4;
  }
  return { kind: 'description', names };
}

function readBye(bytes: Uint8Array, from: number, end: number, count: number): RtcpPacket | undefined {
  const reasonAt = from + 4 * count;
  if (reasonAt > end) return undefined;
  const ssrcs = Array.from({ length: count }, (_, i) => readUint32(bytes, from + 4 * i));
  if (reasonAt === end) return { kind: 'bye', ssrcs };
  const reasonEnd = reasonAt + 1 + (bytes[reasonAt] as number);
  if (reasonEnd > end) return undefined;
  return { kind: 'bye', ssrcs, reason: new TextDecoder().decode(bytes.subarray(reasonAt + 1, reasonEnd)) };
}

function writeHeader(bytes: Uint8Array, at: number, count: number, type: number, lengthBytes: number): void {
  const words = lengthBytes / 4 - 1;
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  bytes[at + 2] = words >> 8;
  bytes[at + 3] = words & 0xff;
}

function writeBlock(bytes: Uint8Array, at: number, block: ReportBlock): void {
  const lost = Math.max(-0x800000, Math.min(0x7fffff, block.cumulativeLost));
  writeUint32(bytes, at, block.ssrc);
  writeUint32(bytes, at + 4, ((block.fractionLost & 0xff) << 24) | (lost & 0xffffff));
  writeUint32(bytes, at + 8, block.highestSequence);
  writeUint32(bytes, at + 12, block.jitter);
  writeUint32(bytes, at + 16, block.lastSenderReport);
  writeUint32(bytes, at + 20, block.delaySinceLast);
}

function readBlock(bytes: Uint8Array, at: number): ReportBlock {
  const lost = readUint32(bytes, at + 4);
  return {
    ssrc: readUint32(bytes, at),
    fractionLost: lost >>> 24,
    cumulativeLost: (lost << 8) >> 8,
    highestSequence: readUint32(bytes, at + 8),
    jitter: readUint32(bytes, at + 12),
    lastSenderReport: readUint32(bytes, at + 16),
    delaySinceLast: readUint32(bytes, at + 20),
  };
}
