import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { rmsDb } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';
import { encodeWav, parseWav } from '../../src/audio/wav.js';
import { parseScript } from '../../src/caller/load-script.js';
import { runCaller, type CallerReport } from '../../src/caller/run-caller.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { startFakeBot, type BotCall, type FakeBot } from './fake-bot.js';

/** Loopback and the event loop of one process that is bot and caller at once, on a busy machine. */
const TOLERANCE_MS = 60;

const directory = await mkdtemp(join(tmpdir(), 'xiangyin-caller-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));
const beep = (durationMs: number) =>
  tone({ frequenciesHz: [800], durationMs, sampleRateHz: 8000, levelDb: -10, fadeMs: 0 });
await writeFile(join(directory, 'words.wav'), encodeWav(beep(400), { sampleRateHz: 8000 }));

async function call(
  t: Test,
  steps: string,
  onCall: (call: BotCall, bot: FakeBot) => void,
  options: { head?: string; record?: string; onInvite?: FakeBot['onInvite'] } = {},
): Promise<{ report: CallerReport; bot: FakeBot }> {
  const bot = await startFakeBot();
  t.teardown(() => bot.close());
  bot.onCall = (answered) => onCall(answered, bot);
  bot.onInvite = options.onInvite;
  const script = parseScript(
    `${options.head ?? ''}\nlimitMs: 8000\nsteps:\n${steps}`,
    join(directory, 'x.yaml'),
  );
  const report = await runCaller({
    uri: bot.uri,
    script,
    record: options.record,
    logger: silentLogger,
    clock: systemClock,
  });
  return { report, bot };
}

t.test('a greeting is heard, a key pressed, its answer measured, the call hung up', async (t) => {
  let answeredAfterMs = 0;
  const { report, bot } = await call(
    t,
    '  - expect: speech\n  - expect: { silence: { forMs: 200 } }\n  - press: "7"\n  - expect: speech\n  - hangup\n',
    (answered) => {
      answered.play(beep(500));
      answered.onKeyEnd = (_digit, endMs) => {
        answered.playAt(beep(500), endMs + 137);
        systemClock.after(137, () => (answeredAfterMs = systemClock.nowMs() - endMs));
      };
    },
  );
  t.equal(report.failure, undefined);
  t.same(bot.keys, ['7']);
  t.equal(report.endedBy, 'caller');
  const gapMs = report.turns[1]?.gapMs ?? -1;
  t.ok(Math.abs(gapMs - answeredAfterMs) <= TOLERANCE_MS, `gap ${gapMs} for a delay of ${answeredAfterMs}`);
  t.ok(report.rtp.received > 20 && report.rtp.sent > 20);
  t.equal(report.rtp.lost, 0);
});

t.test('a gap after speech has the accuracy of a sample, not of a packet', async (t) => {
  for (const delayMs of [211, 303, 397]) {
    let expectedMs = 0;
    const { report } = await call(t, '  - play: words.wav\n  - expect: speech\n  - hangup\n', (answered) => {
      let lastVoicedMs: number | undefined;
      let done = false;
      answered.onSamples = (samples, atMs) => {
        const last = samples.findLastIndex((sample) => Math.abs(sample) > 1000);
        if (last >= 0) lastVoicedMs = atMs + last / 8;
        else if (lastVoicedMs !== undefined && !done) {
          done = true;
          const voicedMs = lastVoicedMs;
          systemClock.after(voicedMs + delayMs - systemClock.nowMs(), () => {
            expectedMs = systemClock.nowMs() - voicedMs;
            answered.session.send(beep(20));
            answered.play(beep(500));
          });
        }
      };
    });
    t.equal(report.failure, undefined);
    const gapMs = report.turns[1]?.gapMs ?? -1;
    t.ok(Math.abs(gapMs - expectedMs) <= TOLERANCE_MS, `gap ${gapMs} for a delay of ${expectedMs}`);
  }
});

t.test('a barge-in: when the far side fell silent, and when it spoke again', async (t) => {
  const { report } = await call(
    t,
    '  - bargeIn: { afterMs: 300, press: "2" }\n  - expect: speech\n  - hangup\n',
    (answered) => {
      answered.play(beep(5000));
      answered.session.on('dtmfStart', () => answered.cut());
      answered.onKeyEnd = (_digit, endMs) => answered.playAt(beep(500), endMs + 250);
    },
  );
  t.equal(report.failure, undefined);
  const turn = report.turns[1];
  t.equal(turn?.bargedIn, true);
  t.ok((turn?.stopMs ?? 999) < 60, `stopped after ${turn?.stopMs}`);
  t.ok(Math.abs((turn?.gapMs ?? 0) - 250) < 30, `gap ${turn?.gapMs}`);
  const begun = (turn?.inputStartMs ?? 0) - (report.turns[0]?.heardMs ?? 0);
  t.ok(begun >= 295 && begun < 400, `interrupted after ${begun}`);
});

t.test('keys by INFO', async (t) => {
  const { report, bot } = await call(
    t,
    '  - press: { keys: "4#", via: info, toneMs: 160 }\n  - hangup\n',
    () => undefined,
  );
  t.equal(report.failure, undefined);
  t.same(bot.infoBodies, ['Signal=4\r\nDuration=160\r\n', 'Signal=#\r\nDuration=160\r\n']);
});

t.test('several keys arrive in order, as one turn', async (t) => {
  const { report, bot } = await call(t, '  - press: "19*0"\n  - wait: 150\n  - hangup\n', () => undefined);
  t.equal(report.failure, undefined);
  t.same(bot.keys, ['1', '9', '*', '0']);
  t.equal(report.turns[1]?.pressed, '19*0');
});

t.test('hold and resume are offered and heard', async (t) => {
  const { report, bot } = await call(
    t,
    '  - hold\n  - wait: 100\n  - resume\n  - expect: speech\n  - hangup\n',
    (answered) => answered.dialog.on('request', () => answered.play(beep(600))),
  );
  t.equal(report.failure, undefined);
  t.same(bot.directions, ['sendonly', 'sendrecv']);
});

t.test('an INVITE without an offer is answered in the ACK', async (t) => {
  const { report } = await call(
    t,
    '  - expect: speech\n  - hangup\n',
    (answered) => void systemClock.after(100, () => answered.play(beep(500))),
    { head: 'offer: none' },
  );
  t.equal(report.failure, undefined);
  t.ok(report.rtp.received > 0);
});

t.test('the far side may change the session and hang up', async (t) => {
  const { report } = await call(t, '  - expectHangup\n', (answered) => {
    answered.dialog.once('ack', () => {
      void answered.dialog
        .reinvite(
          `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${answered.session.localPort} RTP/AVP 8\r\na=sendonly\r\n`,
        )
        .then((response) => {
          t.equal(response.status, 200);
          t.match(response.body, /m=audio \d+ RTP\/AVP 8/);
          t.match(response.body, /a=recvonly/);
          return answered.dialog.bye();
        });
    });
  });
  t.equal(report.failure, undefined);
  t.equal(report.endedBy, 'far end');
  t.match(
    report.events.find(({ type }) => type === 'farEndReinvite'),
    { direction: 'sendonly' },
  );
});

t.test('a refusal, a CANCEL, an answer that fits nothing', async (t) => {
  const refused = await call(t, '  - expectRefusal: { status: 486 }\n', () => undefined, {
    onInvite: (incoming) => incoming.respond(486),
  });
  t.equal(refused.report.failure, undefined);

  const cancelled = await call(t, '  - wait: 100\n  - hangup\n', () => undefined, {
    onInvite: (incoming) => incoming.respond(180),
  });
  t.equal(cancelled.report.failure, undefined);
  t.equal(cancelled.bot.cancelled, 1);
  t.equal(cancelled.report.refusedStatus, 487);

  const unfit = await call(t, '  - expect: speech\n', () => undefined, {
    onInvite: (incoming) => {
      const dialog = incoming.accept({
        body: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 9\r\n',
      });
      dialog.on('bye', () => t.pass('hung up'));
    },
  });
  t.match(unfit.report.failure, /no stream that fits/);
});

t.test('nobody answers on the port: the report says so', async (t) => {
  const script = parseScript('steps:\n  - expectAnswer: { withinMs: 300 }\n', 'x.yaml');
  const report = await runCaller({
    uri: 'sip:1@127.0.0.1:9',
    script,
    logger: silentLogger,
    clock: systemClock,
  });
  t.equal(report.ok, false);
  t.equal(report.answeredMs, null);
});

t.test('the recording holds both sides where they were', async (t) => {
  const record = join(directory, 'both.wav');
  const { report } = await call(
    t,
    '  - play: words.wav\n  - expect: speech\n  - expect: { silence: { forMs: 200 } }\n  - hangup\n',
    (answered) => void systemClock.after(900, () => answered.play(beep(300))),
    { record },
  );
  t.equal(report.failure, undefined);
  t.equal(report.recording, record);
  const { samples, channels } = parseWav(await readFile(record));
  t.equal(channels, 2);
  const part = (channel: number, fromMs: number, toMs: number) => {
    const lane = new Int16Array((toMs - fromMs) * 8);
    for (let i = 0; i < lane.length; i++) lane[i] = samples[(fromMs * 8 + i) * 2 + channel] ?? 0;
    return rmsDb(lane);
  };
  const [said, heard] = [report.turns[1]?.inputStartMs ?? 0, report.turns[1]?.heardMs ?? 0].map(Math.round);
  t.ok(part(0, (said ?? 0) + 50, (said ?? 0) + 350) > -20, 'what was sent is on the left');
  t.ok(part(1, (said ?? 0) + 50, (said ?? 0) + 350) < -60, 'and nothing on the right then');
  t.ok(part(1, (heard ?? 0) + 60, (heard ?? 0) + 240) > -20, 'what was heard is on the right');
  t.ok(part(0, (heard ?? 0) + 60, (heard ?? 0) + 240) < -60, 'and nothing on the left then');
});

t.test('a script with sentences needs a synthesizer, a URI must be one', async (t) => {
  const common = { logger: silentLogger, clock: systemClock };
  const says = parseScript('steps:\n  - say: hello\n', 'x.yaml');
  await t.rejects(runCaller({ uri: 'sip:1@127.0.0.1:9', script: says, ...common }), {
    code: 'CALLER_NO_SYNTHESIZER',
  });
  await t.rejects(runCaller({ uri: 'tel:123', script: says, ...common }), { code: 'CALLER_URI_INVALID' });
});
