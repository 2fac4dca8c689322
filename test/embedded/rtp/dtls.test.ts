import { createPrivateKey, X509Certificate } from 'node:crypto';
import t, { type Test } from 'tap';
import { DtlsClient, DtlsServer } from 'werift';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { makeDtlsCertificate, type DtlsCertificate } from '../../../src/embedded/rtp/dtls-certificate.js';
import { DtlsHandshaker, type DtlsHandshake } from '../../../src/embedded/rtp/dtls-handshaker.js';
import { DtlsRepetitions } from '../../../src/embedded/rtp/dtls-repetitions.js';
import type { DtlsResult } from '../../../src/embedded/rtp/dtls-messages.js';

const LIMIT_MS = 20_000;

function handshaker(t: Test): DtlsHandshaker {
  const made = new DtlsHandshaker(silentLogger, Date.now());
  t.teardown(() => made.close());
  return made;
}

/** One end that sends what it has to say to `other`; resolves with its keys, or with why there are none. */
function end(
  from: DtlsHandshaker,
  isActive: boolean,
  other: () => { take(bytes: Uint8Array): void } | undefined,
) {
  let handshake: DtlsHandshake | undefined;
  const outcome = new Promise<DtlsResult | string>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error('no end')), LIMIT_MS);
    const settle = (value: DtlsResult | string): void => {
      clearTimeout(limit);
      resolve(value);
    };
    handshake = from.start(isActive, {
      datagram: (bytes) => other()?.take(bytes),
      done: settle,
      failed: settle,
    });
  });
  return { outcome, take: (bytes: Uint8Array) => handshake?.take(bytes) };
}

/** werift without our checks: shows `certificate`, and signs with the key of `key`. */
function impostor(
  isActive: boolean,
  certificate: DtlsCertificate,
  key: DtlsCertificate,
  other: () => { take(bytes: Uint8Array): void },
) {
  const transport = {
    type: 'udp',
    address: { address: '', family: 'IPv4', port: 0 },
    closed: false,
    onData: (_data: Buffer): void => undefined,
    send: (bytes: Buffer) => Promise.resolve(other().take(bytes)),
    close: () => Promise.resolve(),
  };
  const options = {
    transport,
    cert: certificate.certificatePem,
    key: key.keyPem,
    signatureHash: { hash: 4, signature: 3 } as const,
    srtpProfiles: [1, 7] as (1 | 7)[],
    extendedMasterSecret: true,
    certificateRequest: true,
  };
  if (isActive) void new DtlsClient(options).connect().catch(() => undefined);
  else new DtlsServer(options);
  return { take: (bytes: Uint8Array) => transport.onData(Buffer.from(bytes)) };
}

t.jobs = 4;

t.test(
  'a certificate is X.509, signed with its own key, and its fingerprint is the one of SDP',
  async (t) => {
    const made = makeDtlsCertificate(Date.now());
    const parsed = new X509Certificate(made.certificatePem);
    t.equal(parsed.fingerprint256, made.fingerprint);
    t.ok(parsed.verify(parsed.publicKey));
    t.ok(parsed.checkPrivateKey(createPrivateKey(made.keyPem)));
    t.ok(Date.parse(parsed.validFrom) < Date.now() && Date.parse(parsed.validTo) > Date.now());
    t.not(makeDtlsCertificate(Date.now()).fingerprint, made.fingerprint);
  },
);

t.test('both ends get the same keys, crosswise, and each the certificate of the other', async (t) => {
  const [a, b] = [handshaker(t), handshaker(t)];
  const passive = end(b, false, () => active);
  const active = end(a, true, () => passive);
  const [one, two] = await Promise.all([active.outcome, passive.outcome]);
  if (typeof one === 'string' || typeof two === 'string')
    throw new Error(`failed: ${String(one)} ${String(two)}`);
  t.same(one.localKey, two.remoteKey);
  t.same(one.localSalt, two.remoteSalt);
  t.same(one.remoteKey, two.localKey);
  t.same(one.remoteSalt, two.localSalt);
  t.notSame(one.localKey, one.remoteKey);
  t.equal(one.suite, 'AES_CM_128_HMAC_SHA1_80');
  t.equal(one.fingerprint, b.prepare());
  t.equal(two.fingerprint, a.prepare());
});

t.test('noise between the messages of a handshake ends nothing', async (t) => {
  const [a, b] = [handshaker(t), handshaker(t)];
  const noise = [Buffer.alloc(0), Buffer.from([22]), Buffer.alloc(40, 22), Buffer.alloc(14, 63)];
  const disturb = (other: { take(bytes: Uint8Array): void }) => ({
    take: (bytes: Uint8Array) => {
      for (const bad of noise) other.take(bad);
      other.take(bytes);
    },
  });
  const passive = end(b, false, () => disturb(active));
  const active = end(a, true, () => disturb(passive));
  const [one, two] = await Promise.all([active.outcome, passive.outcome]);
  t.type(one, 'object');
  t.type(two, 'object');
});

for (const isActive of [true, false]) {
  t.test(
    `an impostor with a certificate whose key it has not is refused (it is ${isActive ? 'client' : 'server'})`,
    async (t) => {
      const [victim, own] = [makeDtlsCertificate(Date.now()), makeDtlsCertificate(Date.now())];
      const honest = handshaker(t);
      const parties: { take(bytes: Uint8Array): void }[] = [];
      const ours = end(honest, !isActive, () => parties[0]);
      parties.push(impostor(isActive, victim, own, () => ours));
      t.match(await ours.outcome, /certificate/);
    },
  );
}

t.test(
  'copies of a flight that wait in line count once, and what is sent again later counts anew',
  async (t) => {
    let nowMs = 1000;
    const clock = { ...systemClock, nowMs: () => nowMs };
    const repetitions = new DtlsRepetitions(clock);
    const record = (sequence: number, text: string): Buffer => {
      const head = Buffer.from([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, sequence, 0, text.length]);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    t.notOk(repetitions.has(record(0, 'hello')));
    t.ok(repetitions.has(record(1, 'hello')));
    t.notOk(repetitions.has(record(2, 'other')));
    t.notOk(repetitions.has(Buffer.concat([record(3, 'hello'), record(4, 'other')])));
    nowMs += 400;
    t.notOk(repetitions.has(record(5, 'hello')));
  },
);
