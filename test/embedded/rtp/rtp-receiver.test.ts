import t from 'tap';
import fc from 'fast-check';
import { ManualClock } from '../../../src/core/clock.js';
import { RtpReceiver } from '../../../src/embedded/rtp/rtp-receiver.js';

function receiver(): { rtp: RtpReceiver; clock: ManualClock; keys: string[] } {
  const clock = new ManualClock();
  const keys: string[] = [];
  const counts = { packetsReceived: 0, bytesReceived: 0, lost: 0, malformed: 0, lastReceivedMs: undefined };
  const rtp = new RtpReceiver(
    clock,
    counts,
    { started: () => undefined, ended: (digit) => void keys.push(digit) },
    { codec: 'PCMU', payloadType: 0, telephoneEventType: 101 },
  );
  return { rtp, clock, keys };
}

t.test(
  'whatever bytes come, nothing is thrown, no timer is left, and sound is as long as its payload',
  (t) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0, 8, 13, 101, 128, 229), fc.uint8Array({ maxLength: 400 })), {
          maxLength: 30,
        }),
        (packets) => {
          const { rtp, clock } = receiver();
          rtp.onAudio = (samples, position) => {
            t.ok(samples.length > 0 && samples.length <= 400);
            t.ok(Number.isSafeInteger(position));
          };
          for (const [type, bytes] of packets) {
            if (bytes.length > 1) {
              bytes[0] = 0x80 | ((bytes[0] as number) & 0x33);
              bytes[1] = type;
            }
            if (rtp.read(bytes)) rtp.take(bytes);
          }
          clock.advance(1000);
          t.equal(clock.pendingTimers, 0);
          rtp.close();
        },
      ),
      { numRuns: 200 },
    );
    t.end();
  },
);

t.test('a packet longer than any phone sends is counted, not decoded', (t) => {
  const { rtp } = receiver();
  let heard = 0;
  rtp.onAudio = () => void heard++;
  const bytes = new Uint8Array(12 + 1601);
  bytes[0] = 0x80;
  t.ok(rtp.read(bytes));
  rtp.take(bytes);
  t.equal(heard, 0);
  t.end();
});

t.test('a key held while its source changes ends, and one being pressed at close is not told', (t) => {
  const { rtp, clock, keys } = receiver();
  const key = Uint8Array.of(0x80, 101, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 4, 10, 0, 160);
  const send = (ssrc: number): void => {
    key[11] = ssrc;
    if (rtp.read(key)) rtp.take(key);
  };
  send(1);
  t.same(keys, []);
  send(2);
  t.same(keys, ['4']);
  rtp.close();
  clock.advance(1000);
  t.same(keys, ['4']);
  t.equal(clock.pendingTimers, 0);
  t.end();
});
