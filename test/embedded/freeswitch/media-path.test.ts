import t from 'tap';
import { peak } from '../../../src/audio/pcm.js';
import { ManualClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import type { AudioFork } from '../../../src/embedded/freeswitch/audio-fork.js';
import { MediaPath } from '../../../src/embedded/freeswitch/media-path.js';
import { MediaTicker } from '../../../src/embedded/rtp/media-ticker.js';
import type { AudioListener } from '../../../src/embedded/rtp/rtp-receiver.js';
import type { RtpSession } from '../../../src/embedded/rtp/rtp-session.js';

const SPOKEN = Int16Array.from({ length: 160 }, (_, i) =>
  Math.round(4000 * Math.sin((2 * Math.PI * i) / 40)),
);

/** A call whose network is the test: packets in by `say`, what is sent in `sent`. */
function call(clock: ManualClock, ticker: MediaTicker) {
  const sent: Int16Array[] = [];
  const session = {
    onAudio: undefined as AudioListener | undefined,
    send: (samples: Int16Array) => sent.push(samples.slice()) > 0,
    skip: () => undefined,
    close: () => undefined,
  };
  const path = new MediaPath({
    session: session as unknown as RtpSession,
    ticker,
    logger: silentLogger,
    writer: () => undefined,
    sendsSilence: () => true,
  });
  /** Packet `index` of the caller, `sequenceStep` after the last. */
  const say = (index: number, sequenceStep = 1): void =>
    session.onAudio?.(SPOKEN, index * 160, {
      timestamp: index * 160,
      ssrc: 7,
      sequence: index,
      marker: false,
      arrivalMs: clock.nowMs(),
      sequenceStep,
    });
  return { path, say, sent };
}

t.test('what is lost is concealed for a recording, and silence for a fork', (t) => {
  const clock = new ManualClock();
  const ticker = new MediaTicker({ clock, logger: silentLogger });
  const { path, say } = call(clock, ticker);
  const forked: Int16Array[] = [];
  const recorded: Int16Array[] = [];
  path.addFork({
    name: 'fork',
    frame: (left: Int16Array) => void forked.push(left.slice()),
    mix: () => false,
    sent: () => undefined,
    close: () => undefined,
  } as unknown as AudioFork);
  path.addTap((frame) => recorded.push(frame.left.slice()));
  for (let i = 0; i < 50; i++) {
    clock.advance(20);
    if (i !== 30) say(i, i === 31 ? 2 : 1);
  }
  path.close();
  const silent = forked.map((frame, i) => (peak(frame) === 0 ? i : -1)).filter((i) => i > 5);
  t.equal(silent.length, 1, 'one frame of the fork is silent');
  t.ok(peak(recorded[silent[0] as number] as Int16Array) > 3500, 'there the recording has sound');
  t.equal(forked.length, recorded.length);
  ticker.close();
  t.equal(clock.pendingTimers, 0);
  t.end();
});

t.test('bridged callers hear lost packets concealed and late ones whole', (t) => {
  const clock = new ManualClock();
  const ticker = new MediaTicker({ clock, logger: silentLogger });
  const [one, other] = [call(clock, ticker), call(clock, ticker)];
  one.path.bridge(other.path);
  for (let i = 0; i < 100; i++) {
    clock.advance(15);
    if (i % 20 !== 10) one.say(i, i % 20 === 11 ? 2 : 1);
    clock.advance(5);
  }
  const heard = other.sent.slice(10);
  t.ok(heard.length > 80);
  t.ok(
    heard.every((frame) => peak(frame) > 3000),
    'never silence',
  );
  t.equal(one.path.heardStats?.concealedFrames, 5);
  one.path.unbridge();
  one.say(100);
  clock.advance(40);
  t.equal(peak(other.sent.at(-1) as Int16Array), 0, 'after the bridge there is nothing');
  one.path.close();
  other.path.close();
  ticker.close();
  t.end();
});

t.test('a muted caller is heard by nobody, not even concealed', (t) => {
  const clock = new ManualClock();
  const ticker = new MediaTicker({ clock, logger: silentLogger });
  const { path, say } = call(clock, ticker);
  const listener = path.listen();
  const recorded: number[] = [];
  path.addTap((frame) => recorded.push(peak(frame.left)));
  for (let i = 0; i < 20; i++) {
    clock.advance(20);
    if (i === 10) path.isCallerMuted = true;
    say(i);
    listener.take();
  }
  clock.advance(100);
  t.equal(recorded.at(-1), 0);
  for (let i = 0; i < 6; i++) listener.take();
  t.equal(listener.take(), undefined);
  listener.close();
  path.close();
  ticker.close();
  t.end();
});
