import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { decodePcmu, encodePcma, encodePcmu } from '../../../src/audio/g711.js';
import { ManualClock, systemClock } from '../../../src/core/clock.js';
import { silentLogger, type Logger } from '../../../src/core/logger.js';
import { parseRtp, RtpPacket, writeRtpHeader } from '../../../src/embedded/rtp/packet.js';
import { PortPool } from '../../../src/embedded/rtp/port-pool.js';
import { readRtcp, writeRtcp } from '../../../src/embedded/rtp/rtcp.js';
import { RtpSession, type RtpSessionOptions } from '../../../src/embedded/rtp/rtp-session.js';

/** A phone that is only a socket. */
class Phone {
  readonly received: Buffer[] = [];
  #waiting: (() => void) | undefined;

  private constructor(readonly socket: Socket) {
    socket.on('message', (bytes) => {
      this.received.push(Buffer.from(bytes));
      this.#waiting?.();
    });
  }

  static async open(t: Test): Promise<Phone> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    t.teardown(() => socket.close());
    return new Phone(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  async packets(count: number): Promise<{ header: RtpPacket; payload: Buffer }[]> {
    while (this.received.length < count) await new Promise<void>((done) => (this.#waiting = done));
    return this.received.map((bytes) => {
      const header = new RtpPacket();
      if (!parseRtp(bytes, header)) throw new Error('not RTP');
      return { header, payload: bytes.subarray(header.payloadStart, header.payloadEnd) };
    });
  }

  send(port: number, bytes: Uint8Array): Promise<void> {
    return new Promise((done) => this.socket.send(bytes, port, '127.0.0.1', () => done()));
  }
}

function packet(
  sequence: number,
  timestamp: number,
  payload: Uint8Array,
  { type = 0, ssrc = 77, marker = false } = {},
): Buffer {
  const bytes = Buffer.alloc(12 + payload.length);
  writeRtpHeader(bytes, type, marker, sequence, timestamp, ssrc);
  bytes.set(payload, 12);
  return bytes;
}

async function open(
  t: Test,
  options: Partial<RtpSessionOptions> = {},
): Promise<{ session: RtpSession; phone: Phone }> {
  const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const phone = await Phone.open(t);
  const session = new RtpSession({
    socket: await pool.acquire(),
    clock: systemClock,
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventType: 101,
    remote: { host: '127.0.0.1', port: phone.port },
    ptimeMs: 20,
    logger: silentLogger,
    ...options,
  });
  t.teardown(() => {
    session.close();
    session.close();
    if (pool.inUse !== 0) throw new Error('a port is left');
  });
  return { session, phone };
}

/** Resolves when the session's count of something has reached a number. */
async function until(condition: () => boolean): Promise<void> {
  const end = systemClock.nowMs() + 5000;
  while (!condition()) {
    if (systemClock.nowMs() > end) throw new Error('waited in vain');
    await new Promise((done) => setImmediate(done));
  }
}

const sound = Int16Array.from({ length: 160 }, (_, i) => 1000 * Math.sin(i / 5));
const coded = new Uint8Array(160);
encodePcmu(sound, coded);

t.test(
  'sends sound with rising sequence and a timestamp that goes on through silence, marker at each start',
  async (t) => {
    const { session, phone } = await open(t, { ssrc: 4711 });
    t.ok(session.send(sound));
    t.ok(session.send(sound));
    for (let i = 0; i < 5; i++) session.skip();
    t.ok(session.send(sound));
    t.ok(session.send(sound));
    const packets = await phone.packets(4);
    const first = packets[0]?.header.timestamp as number;
    const sequence = packets[0]?.header.sequence as number;
    t.same(
      packets.map(({ header }) => (header.timestamp - first) >>> 0),
      [0, 160, 7 * 160, 8 * 160],
    );
    t.same(
      packets.map(({ header }) => (header.sequence - sequence) & 0xffff),
      [0, 1, 2, 3],
    );
    t.same(
      packets.map(({ header }) => header.marker),
      [true, false, true, false],
    );
    t.ok(packets.every(({ header }) => header.ssrc === 4711 && header.payloadType === 0));
    t.same(packets[0]?.payload, Buffer.from(coded));
    t.match(session.stats, { packetsSent: 4, bytesSent: 4 * 172 });
  },
);

t.test('a burst of 50 packets arrives whole: no buffer is written while it is in flight', async (t) => {
  const { session, phone } = await open(t);
  for (let i = 0; i < 50; i++) session.send(new Int16Array(160).fill(i * 100));
  const packets = await phone.packets(50);
  const out = new Int16Array(160);
  for (const [i, { payload }] of packets.entries()) {
    decodePcmu(payload, out);
    t.ok(Math.abs((out[0] as number) - i * 100) <= 130, `packet ${i} holds its own sound`);
  }
});

t.test('hands over received sound with its place, in the order of arrival', async (t) => {
  const { session, phone } = await open(t);
  const got: { position: number; step: number; timestamp: number; same: boolean }[] = [];
  const expected = new Int16Array(160);
  decodePcmu(coded, expected);
  let starts = 0;
  session.on('audio', () => void starts++);
  session.onAudio = (samples, position, { sequenceStep, timestamp }) => {
    got.push({ position, step: sequenceStep, timestamp, same: samples.every((s, i) => s === expected[i]) });
  };
  const base = 4_294_967_200;
  for (const [sequence, place] of [
    [65534, 0],
    [65535, 160],
    [1, 480], // one lost
    [0, 320], // and there it is
    [1, 480], // twice
    [2, 5000], // DTX
  ] as const) {
    await phone.send(session.localPort, packet(sequence, (base + place) >>> 0, coded));
  }
  await until(() => got.length === 6);
  t.same(
    got.map(({ position }) => position),
    [0, 160, 480, 320, 480, 5000],
  );
  t.same(
    got.map(({ step }) => step),
    [1, 1, 2, -1, 0, 1],
  );
  t.ok(got.every(({ same }) => same));
  t.match(session.stats, { packetsReceived: 6, lost: 0, strangers: 0, malformed: 0 });
  t.equal(starts, 1);
});

t.test('loss is counted; a new SSRC begins anew where the last one ended', async (t) => {
  const { session, phone } = await open(t);
  const got: [number, number][] = [];
  session.onAudio = (_samples, position, { sequenceStep }) => void got.push([position, sequenceStep]);
  await phone.send(session.localPort, packet(10, 1000, coded));
  await phone.send(session.localPort, packet(14, 1640, coded));
  await phone.send(session.localPort, packet(9000, 99, coded, { ssrc: 5 }));
  await phone.send(session.localPort, packet(9001, 259, coded, { ssrc: 5 }));
  await until(() => got.length === 4);
  t.same(got, [
    [0, 1],
    [640, 4],
    [800, 1],
    [960, 1],
  ]);
  t.equal(session.stats.lost, 3);
});

t.test('PCMA, packets of 10 and 60 ms, comfort noise and the other static law are understood', async (t) => {
  const { session, phone } = await open(t, { codec: 'PCMA', payloadType: 8 });
  const lengths: number[] = [];
  let last = new Int16Array(0);
  session.onAudio = (samples) => {
    lengths.push(samples.length);
    last = samples.slice();
  };
  const a = new Uint8Array(480);
  encodePcma(new Int16Array(480).fill(4000), a);
  await phone.send(session.localPort, packet(1, 0, a.subarray(0, 80), { type: 8 }));
  await phone.send(session.localPort, packet(2, 80, Uint8Array.of(50), { type: 13 }));
  await phone.send(session.localPort, packet(3, 800, a, { type: 8 }));
  await until(() => lengths.length === 2);
  t.same(lengths, [80, 480]);
  t.ok(last.every((sample) => Math.abs(sample - 4000) <= 130));
  await phone.send(session.localPort, packet(4, 1280, coded, { type: 0 }));
  await until(() => lengths.length === 3);
  t.ok(Math.abs((last[8] as number) - (sound[8] as number)) < 40);
});

t.test(
  'the first valid packet tells where the caller is; strangers are dropped, counted, and logged once',
  async (t) => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
    // The SDP names a port where nobody is: the phone is behind a NAT.
    const { session, phone } = await open(t, { remote: { host: '127.0.0.1', port: 9 }, logger });
    const stranger = await Phone.open(t);
    let heard = 0;
    session.onAudio = () => void heard++;
    await stranger.send(session.localPort, Buffer.from('not RTP at all'));
    await until(() => session.stats.malformed === 1);
    await phone.send(session.localPort, packet(1, 0, coded));
    await until(() => heard === 1);
    for (let i = 0; i < 5; i++) await stranger.send(session.localPort, packet(i, 0, coded, { ssrc: 1 }));
    await until(() => session.stats.strangers === 5);
    t.equal(heard, 1);
    t.equal(warnings.filter((message) => message.includes('stranger')).length, 1);
    session.send(sound);
    await phone.packets(1);
    t.equal(session.target?.port, phone.port, 'we send to where packets come from');

    session.setRemote({ host: '127.0.0.1', port: 9 }, 'PCMU', 0, 101);
    await stranger.send(session.localPort, packet(1, 0, coded, { ssrc: 1 }));
    await until(() => heard === 2);
    t.equal(session.target?.port, stranger.port, 'a new offer and answer: the lock is open again');
  },
);

t.test('the address of the SDP takes the lock back from a stranger who was faster', async (t) => {
  const { session, phone } = await open(t);
  const stranger = await Phone.open(t);
  const sources: number[] = [];
  session.onAudio = (_samples, _position, { ssrc }) => void sources.push(ssrc);
  await stranger.send(session.localPort, packet(1, 0, coded, { ssrc: 666 }));
  await until(() => sources.length === 1);
  await phone.send(session.localPort, packet(1, 0, coded));
  await until(() => sources.length === 2);
  await stranger.send(session.localPort, packet(2, 160, coded, { ssrc: 666 }));
  await until(() => session.stats.strangers === 1);
  t.same(sources, [666, 77]);
  t.equal(session.target?.port, phone.port);
});

t.test('STUN, ZRTP and DTLS that a phone tries unasked are dropped without a warning', async (t) => {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  const { session, phone } = await open(t, { logger });
  for (const first of [0x00, 0x10, 0x16]) await phone.send(session.localPort, Buffer.from([first, 1, 0, 0]));
  await until(() => session.stats.malformed === 3);
  t.strictSame(warnings, []);
  await phone.send(session.localPort, Buffer.from('not RTP at all'));
  await until(() => session.stats.malformed === 4);
  t.strictSame(warnings, ['packet is no RTP of this call']);
});

t.test('RTCP on the RTP port and unknown payload types disturb nothing', async (t) => {
  const { session, phone } = await open(t);
  let heard = 0;
  session.onAudio = () => void heard++;
  await phone.send(session.localPort, Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 1]));
  await phone.send(session.localPort, packet(1, 0, coded, { type: 96 }));
  await phone.send(session.localPort, packet(2, 0, coded));
  await until(() => heard === 1);
  t.match(session.stats, { malformed: 1, packetsReceived: 1, lost: 0 });
});

t.test(
  'keys go from one session to the other, each once, with their length, in the place of sound',
  async (t) => {
    const a = await open(t);
    const b = await open(t);
    a.session.setRemote({ host: '127.0.0.1', port: b.session.localPort }, 'PCMU', 0, 101);
    const keys: [string, number][] = [];
    const started: string[] = [];
    b.session.on('dtmf', (digit, durationSamples) => void keys.push([digit, durationSamples]));
    b.session.on('dtmfStart', (digit) => void started.push(digit));
    const done = a.session.sendDtmf('1#d?', 100);
    let ended = false;
    void done.then(() => (ended = true));
    let sounded = 0;
    for (let i = 0; i < 200 && !ended; i++) {
      if (i % 2 === 0) a.session.skip();
      else if (a.session.send(sound)) sounded++;
      await Promise.resolve();
    }
    await done;
    t.equal(sounded, 0);
    t.ok(a.session.send(sound), 'then sound again');
    await until(() => keys.length === 3);
    t.same(keys, [
      ['1', 800],
      ['#', 800],
      ['D', 800],
    ]);
    t.same(started, ['1', '#', 'D']);
  },
);

t.test('keys that cannot be sent are refused; a close ends those that wait', async (t) => {
  const none = await open(t, { telephoneEventType: undefined });
  await t.rejects(none.session.sendDtmf('1'), { code: 'RTP_NO_TELEPHONE_EVENT' });
  const { session } = await open(t);
  await session.sendDtmf('xyz');
  const waiting = session.sendDtmf('123');
  session.close();
  await t.rejects(waiting, { code: 'RTP_CLOSED' });
  await t.rejects(session.sendDtmf('1'), { code: 'RTP_CLOSED' });
  t.notOk(session.send(sound));
});

t.test(
  'on hold without an address nothing is sent, though packets come; the next answer ends it',
  async (t) => {
    const { session, phone } = await open(t);
    session.setRemote(undefined, 'PCMU', 0, 101);
    await phone.send(session.localPort, packet(1, 0, coded));
    await until(() => session.stats.packetsReceived === 1);
    t.notOk(session.send(sound));
    session.setRemote({ host: '127.0.0.1', port: phone.port }, 'PCMA', 8, 96);
    t.ok(session.send(sound));
    const [only] = await phone.packets(1);
    t.equal(only?.header.payloadType, 8);
    t.equal(session.stats.packetsSent, 1);
  },
);

t.test('without an address the first packet tells it', async (t) => {
  const { session, phone } = await open(t, { remote: undefined });
  t.notOk(session.send(sound));
  await phone.send(session.localPort, packet(1, 0, coded));
  await until(() => session.stats.packetsReceived === 1);
  t.ok(session.send(sound));
  await phone.packets(1);
});

t.test('a name as address is resolved once', async (t) => {
  const { session, phone } = await open(t);
  session.setRemote({ host: 'localhost', port: phone.port }, 'PCMU', 0, 101);
  await until(() => session.target !== undefined);
  t.not(session.target?.host, 'localhost');
});

t.test('a listener that throws ends nothing and is told once', async (t) => {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  const { session, phone } = await open(t, { logger });
  let calls = 0;
  session.onAudio = () => {
    calls++;
    throw new Error('broken');
  };
  for (let i = 0; i < 3; i++) await phone.send(session.localPort, packet(i, i * 160, coded));
  await until(() => calls === 3);
  t.same(warnings, ['received sound was not handled']);
});

t.test(
  'a caller whose address changes in silence is followed by its stream; a stranger is not',
  async (t) => {
    const clock = new ManualClock();
    const { session, phone } = await open(t, { clock });
    const [moved, stranger] = [await Phone.open(t), await Phone.open(t)];
    await phone.send(session.localPort, packet(1, 0, coded));
    await until(() => session.stats.packetsReceived === 1);
    await moved.send(session.localPort, packet(2, 160, coded));
    await until(() => session.stats.strangers === 1);
    clock.advance(2500);
    // 127.0.0.1:port of the SDP stays free to come back; another stream is nobody's.
    await stranger.send(session.localPort, packet(900, 160, coded, { ssrc: 99 }));
    await until(() => session.stats.strangers === 2);
    await moved.send(session.localPort, packet(3, 320, coded));
    await until(() => session.stats.packetsReceived === 2);
    t.equal(session.target?.port, moved.port);
  },
);

t.test(
  'RTCP goes to the port above, where a=rtcp says, or where it comes from; muxed on the RTP port',
  async (t) => {
    const clock = new ManualClock();
    const { session, phone } = await open(t, { clock, cname: 'ours' });
    const control = await Phone.open(t);
    const remote = { host: '127.0.0.1', port: phone.port };
    const rtcp = { isMuxed: false, address: { host: '127.0.0.1', port: control.port } };
    session.setRemote(remote, 'PCMU', 0, 101, { rtcp });
    session.send(sound);
    clock.advance(4000);
    await until(() => control.received.length > 0);
    const [report] = readRtcp(control.received[0] as Buffer) ?? [];
    t.match(report, { kind: 'report', ssrc: session.ssrc, sender: { packets: 1, octets: 160 } });
    const from = await Phone.open(t);
    await from.send(session.localPort + 1, writeRtcp({ ssrc: 5, cname: 'theirs', blocks: [] }));
    await until(() => session.rtcpStats?.packetsReceived === 1);
    clock.advance(7000);
    await until(() => from.received.length > 0);
    session.setRemote(remote, 'PCMU', 0, 101, { rtcp: { isMuxed: true, address: undefined } });
    const before = phone.received.length;
    clock.advance(7000);
    await until(() => phone.received.length > before);
    t.match(readRtcp(phone.received.at(-1) as Buffer)?.[0], { kind: 'report' });
    session.close();
    await until(() => readRtcp(phone.received.at(-1) as Buffer)?.[2]?.kind === 'bye');
    t.equal(clock.pendingTimers, 0);
  },
);
