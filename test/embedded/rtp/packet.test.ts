import t from 'tap';
import fc from 'fast-check';
import {
  isRtcp,
  parseRtp,
  RtpPacket,
  sequenceDifference,
  timestampDifference,
  writeRtpHeader,
} from '../../../src/embedded/rtp/packet.js';

t.test('what is written is read back', (t) => {
  const packet = new RtpPacket();
  fc.assert(
    fc.property(
      fc.nat(127),
      fc.boolean(),
      fc.nat(65535),
      fc.nat(4294967295),
      fc.nat(4294967295),
      (payloadType, marker, sequence, timestamp, ssrc) => {
        const bytes = new Uint8Array(172);
        writeRtpHeader(bytes, payloadType, marker, sequence, timestamp, ssrc);
        t.ok(parseRtp(bytes, packet));
        t.match(packet, {
          payloadType,
          marker,
          sequence,
          timestamp,
          ssrc,
          payloadStart: 12,
          payloadEnd: 172,
        });
      },
    ),
    { numRuns: 100 },
  );
  t.end();
});

t.test('CSRC list, header extension and padding are passed over', (t) => {
  const packet = new RtpPacket();
  const bytes = Buffer.concat([
    Buffer.from([0xb2, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]), // padding, extension, two sources
    Buffer.alloc(8, 7), // CSRC
    Buffer.from([0xbe, 0xde, 0, 2]), // an extension of two words
    Buffer.alloc(8, 9),
    Buffer.from('sound'),
    Buffer.from([0, 0, 3]), // padding of three
  ]);
  t.ok(parseRtp(bytes, packet));
  t.equal(bytes.subarray(packet.payloadStart, packet.payloadEnd).toString(), 'sound');
  t.end();
});

t.test('what is not RTP is refused', (t) => {
  const packet = new RtpPacket();
  const header = [0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
  t.notOk(parseRtp(Buffer.from(header.slice(0, 11)), packet), 'too short');
  t.notOk(parseRtp(Buffer.from([0x40, ...header.slice(1)]), packet), 'version 1');
  t.notOk(parseRtp(Buffer.from([0x8f, ...header.slice(1)]), packet), 'more sources than bytes');
  t.notOk(
    parseRtp(Buffer.from([0x90, ...header.slice(1), 0xbe, 0xde, 0xff, 0xff]), packet),
    'extension too long',
  );
  t.notOk(parseRtp(Buffer.from([0xa0, ...header.slice(1), 200]), packet), 'padding too long');
  t.notOk(parseRtp(Buffer.from([0xa0, ...header.slice(1), 0]), packet), 'padding of nothing');
  t.notOk(parseRtp(Buffer.from('INVITE sip:a@b SIP/2.0\r\n'), packet), 'text');
  t.end();
});

t.test('no bytes are read beyond their end', (t) => {
  const packet = new RtpPacket();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      if (bytes.length > 0) bytes[0] = 0x80 | ((bytes[0] as number) & 0x3f);
      if (!parseRtp(bytes, packet)) return;
      t.ok(packet.payloadStart >= 12);
      t.ok(packet.payloadStart <= packet.payloadEnd);
      t.ok(packet.payloadEnd <= bytes.length);
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('RTCP on the same port is told from RTP', (t) => {
  t.ok(isRtcp(Buffer.from([0x80, 200, 0, 6, 0, 0, 0, 1])), 'sender report');
  t.ok(isRtcp(Buffer.from([0x81, 201, 0, 7, 0, 0, 0, 1])), 'receiver report');
  t.notOk(isRtcp(Buffer.from([0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3])), 'PCMU');
  t.notOk(isRtcp(Buffer.from([0x80, 0x80 | 101, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3])), 'a key with marker');
  t.end();
});

t.test('differences go round the circle', (t) => {
  t.equal(sequenceDifference(2, 65534), 4);
  t.equal(sequenceDifference(65534, 2), -4);
  t.equal(timestampDifference(100, 4294967196), 200);
  t.equal(timestampDifference(4294967196, 100), -200);
  t.end();
});
