import { createHmac, randomBytes } from 'node:crypto';
import t from 'tap';
import { RtpHeader, SrtcpSession, SrtpSession } from 'werift';
import { AesCounter } from '../../../src/embedded/rtp/aes-counter.js';
import { HmacSha1 } from '../../../src/embedded/rtp/hmac-sha1.js';
import { writeRtpHeader } from '../../../src/embedded/rtp/packet.js';
import { SrtpInbound } from '../../../src/embedded/rtp/srtp-inbound.js';
import { deriveSessionKeys } from '../../../src/embedded/rtp/srtp-key-derivation.js';
import { SrtpOutbound } from '../../../src/embedded/rtp/srtp-outbound.js';
import {
  makeMasterKey,
  SRTP_OVERHEAD_BYTES,
  SRTP_SUITES,
  type SrtpMasterKey,
  type SrtpSuite,
} from '../../../src/embedded/rtp/srtp-suite.js';

const refusals = () => ({ notAuthentic: 0, replayed: 0, malformed: 0, wornOut: 0 });
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** RFC 3711 §B.3. */
const MASTER: SrtpMasterKey = {
  suite: 'AES_CM_128_HMAC_SHA1_80',
  key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
  salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
};
const GCM_MASTER: SrtpMasterKey = {
  suite: 'AEAD_AES_128_GCM',
  key: hex('000102030405060708090a0b0c0d0e0f'),
  salt: hex('a0a1a2a3a4a5a6a7a8a9aaab'),
};

function rtp(sequence: number, ssrc = 0xcafebabe, fill = sequence & 0xff): Buffer {
  const packet = Buffer.alloc(172, fill);
  writeRtpHeader(packet, 0, false, sequence & 0xffff, sequence * 160, ssrc);
  return packet;
}

function protect(out: SrtpOutbound, packet: Uint8Array): Buffer {
  const bytes = Buffer.alloc(packet.length + SRTP_OVERHEAD_BYTES);
  bytes.set(packet);
  return bytes.subarray(0, out.rtp(bytes, packet.length));
}

function protectRtcp(out: SrtpOutbound, packet: Uint8Array): Buffer {
  const bytes = Buffer.alloc(packet.length + SRTP_OVERHEAD_BYTES);
  bytes.set(packet);
  return bytes.subarray(0, out.rtcp(bytes, packet.length));
}

/** Opens a copy; undefined when it was refused. */
function open(into: SrtpInbound, packet: Buffer): Buffer | undefined {
  const bytes = Buffer.from(packet);
  const length = into.rtp(bytes);
  return length === 0 ? undefined : bytes.subarray(0, length);
}

t.test('session keys are those of RFC 3711 §B.3', async (t) => {
  const keys = deriveSessionKeys(MASTER, false);
  t.equal(keys.cipherKey.toString('hex'), 'c61e7a93744f39ee10734afe3ff7a087');
  t.equal(keys.salt.toString('hex'), '30cbbc08863d8c85d49db34a9ae1');
  t.equal(keys.authenticationKey.toString('hex'), 'cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

t.test('the key stream is that of RFC 3711 §B.2', async (t) => {
  const stream = Buffer.alloc(48);
  const cipher = new AesCounter(hex('2B7E151628AED2A6ABF7158809CF4F3C'));
  cipher.apply(stream, 0, 48, hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD'));
  t.equal(
    stream.toString('hex').toUpperCase(),
    'E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0',
  );
});

t.test('our HMAC-SHA1 is that of node:crypto, whatever the length', async (t) => {
  const key = randomBytes(20);
  const own = new HmacSha1(key);
  const data = randomBytes(400);
  for (let length = 0; length <= 400; length++) {
    own.digest(data, length);
    const expected = createHmac('sha1', key).update(data.subarray(0, length)).digest('hex');
    if (Buffer.from(own.result).toString('hex') !== expected) t.fail(`of ${length} bytes`);
  }
  t.pass('401 lengths');
});

t.test('packets are byte for byte those of libsrtp', async (t) => {
  const plain = hex('800f1234decafbadcafebabe' + 'ab'.repeat(16));
  const head = '800f1234decafbadcafebabe';
  const expected: [SrtpMasterKey, string][] = [
    [MASTER, '4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb'],
    [{ ...MASTER, suite: 'AES_CM_128_HMAC_SHA1_32' }, '4e55dc4ce79978d88ca4d215949d2402b78d6acc'],
    [GCM_MASTER, 'c5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392'],
  ];
  for (const [master, rest] of expected) {
    t.equal(protect(new SrtpOutbound(master), plain).toString('hex'), head + rest, master.suite);
    t.same(open(new SrtpInbound(master, refusals()), hex(head + rest)), plain, `${master.suite}, opened`);
  }
});

t.test('reports are byte for byte those of libsrtp', async (t) => {
  const plain = hex('81c8000bcafebabe' + 'ab'.repeat(16));
  const expected: [SrtpMasterKey, string][] = [
    [MASTER, '7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798'],
    [GCM_MASTER, 'c98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001'],
  ];
  for (const [master, rest] of expected) {
    const out = new SrtpOutbound(master);
    // libsrtp begins with index 1, we with 0.
    protectRtcp(out, plain);
    t.equal(protectRtcp(out, plain).toString('hex'), '81c8000bcafebabe' + rest, master.suite);
    const bytes = hex('81c8000bcafebabe' + rest);
    const into = new SrtpInbound(master, refusals());
    t.same(bytes.subarray(0, into.rtcp(bytes)), plain, `${master.suite}, opened`);
  }
});

for (const suite of SRTP_SUITES) {
  t.test(`${suite}: what was protected is opened, over a turn of the sequence numbers`, async (t) => {
    const master = makeMasterKey(suite);
    const counts = refusals();
    const [out, into] = [new SrtpOutbound(master), new SrtpInbound(master, counts)];
    const late: Buffer[] = [];
    for (let i = 65_400; i < 65_800; i++) {
      const sent = protect(out, rtp(i));
      // Some come late, two of them from before the turn.
      if (i === 65_530 || i === 65_535 || i === 65_700) late.push(sent);
      else if (open(into, sent)?.equals(rtp(i)) !== true) t.fail(`packet ${i}`);
      if (i === 65_540 || i === 65_710)
        for (const packet of late.splice(0)) t.ok(open(into, packet), 'a late one is taken');
    }
    t.same(counts, refusals());
  });

  t.test(`${suite}: a packet that was changed anywhere is refused, and changes nothing`, async (t) => {
    const master = makeMasterKey(suite);
    const counts = refusals();
    const [out, into] = [new SrtpOutbound(master), new SrtpInbound(master, counts)];
    t.ok(open(into, protect(out, rtp(1))));
    const sent = protect(out, rtp(2));
    for (let at = 1; at < sent.length; at++) {
      const wounded = Buffer.from(sent);
      wounded[at] = (wounded[at] ?? 0) ^ 0x01;
      if (open(into, wounded) !== undefined) t.fail(`byte ${at}`);
    }
    for (let length = 0; length < sent.length; length++)
      if (open(into, sent.subarray(0, length)) !== undefined) t.fail(`cut at ${length}`);
    t.ok(counts.notAuthentic > 150, 'counted');
    t.ok(open(into, sent)?.equals(rtp(2)), 'the true one is still taken');
  });

  t.test(`${suite}: a packet that comes again is refused`, async (t) => {
    const master = makeMasterKey(suite);
    const counts = refusals();
    const [out, into] = [new SrtpOutbound(master), new SrtpInbound(master, counts)];
    const all = Array.from({ length: 300 }, (_, i) => protect(out, rtp(i)));
    for (const packet of all) open(into, packet);
    t.equal(all.filter((packet) => open(into, packet) !== undefined).length, 0);
    t.equal(counts.replayed, 300);
    const report = protectRtcp(out, hex('81c8000bcafebabe' + 'ab'.repeat(16)));
    t.not(into.rtcp(Buffer.from(report)), 0);
    t.equal(into.rtcp(Buffer.from(report)), 0, 'a report too');
  });

  t.test(`${suite}: another key, and plain RTP, open nothing`, async (t) => {
    const counts = refusals();
    const into = new SrtpInbound(makeMasterKey(suite), counts);
    t.equal(open(into, protect(new SrtpOutbound(makeMasterKey(suite)), rtp(1))), undefined);
    t.equal(open(into, rtp(1)), undefined);
    t.equal(counts.notAuthentic, 2);
  });

  t.test(`${suite}: each source has its own count of turns`, async (t) => {
    const master = makeMasterKey(suite);
    const [out, into] = [new SrtpOutbound(master), new SrtpInbound(master, refusals())];
    for (let i = 65_500; i < 65_600; i++) t.ok(open(into, protect(out, rtp(i, 1))));
    for (let i = 10; i < 20; i++)
      t.ok(open(into, protect(out, rtp(i, 2))), 'the new source begins with none');
    t.ok(open(into, protect(out, rtp(65_601, 1))), 'the old one goes on');
  });

  t.test(`${suite}: a worn out key protects and opens no more`, async (t) => {
    const master = { ...makeMasterKey(suite), lifetimePackets: 3 };
    const counts = refusals();
    const [out, into] = [new SrtpOutbound(master), new SrtpInbound(master, counts)];
    const longer = new SrtpOutbound({ ...master, lifetimePackets: undefined });
    for (let i = 0; i < 3; i++) t.ok(open(into, protect(out, rtp(i))));
    for (let i = 0; i < 3; i++) protect(longer, rtp(i));
    t.equal(protect(out, rtp(3)).length, 0);
    t.equal(open(into, protect(longer, rtp(3))), undefined);
    t.equal(counts.wornOut, 1);
  });
}

t.test('a sequence number is never used twice with one key', async (t) => {
  const out = new SrtpOutbound(makeMasterKey('AES_CM_128_HMAC_SHA1_80'));
  t.ok(protect(out, rtp(5)).length > 0);
  t.equal(protect(out, rtp(5)).length, 0);
  t.equal(protect(out, rtp(4)).length, 0);
});

const PROFILES: [SrtpSuite, 1 | 7][] = [
  ['AES_CM_128_HMAC_SHA1_80', 1],
  ['AEAD_AES_128_GCM', 7],
];
for (const [suite, profile] of PROFILES) {
  t.test(`${suite}: werift opens what we protect, and we what werift protects`, async (t) => {
    const [ours, theirs] = [makeMasterKey(suite), makeMasterKey(suite)];
    const config = {
      profile,
      keys: {
        localMasterKey: theirs.key,
        localMasterSalt: theirs.salt,
        remoteMasterKey: ours.key,
        remoteMasterSalt: ours.salt,
      },
    };
    const [peer, peerRtcp] = [new SrtpSession(config), new SrtcpSession(config)];
    const [out, into] = [new SrtpOutbound(ours), new SrtpInbound(theirs, refusals())];
    for (let i = 65_500; i < 65_600; i++) {
      const plain = rtp(i);
      if (!peer.decrypt(protect(out, plain)).equals(plain)) t.fail(`ours, packet ${i}`);
      const header = RtpHeader.deSerialize(plain);
      const sent = peer.encrypt(plain.subarray(12), header);
      if (open(into, sent)?.equals(plain) !== true) t.fail(`theirs, packet ${i}`);
    }
    const report = hex('81c8000bcafebabe' + 'ab'.repeat(16));
    t.same(peerRtcp.decrypt(protectRtcp(out, report)), report);
    const sent = peerRtcp.encrypt(report);
    t.same(sent.subarray(0, into.rtcp(sent)), report);
  });
}
