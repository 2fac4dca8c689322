import t from 'tap';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import {
  callDesk,
  channelLevelsDb,
  GOODBYE,
  leftAbove,
  newestRecord,
  NO_INPUT,
  NO_MATCH,
  QUESTION,
  startDesk,
  WEATHER,
  WELCOME,
} from './desk.js';

t.setTimeout(85_000);
const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
t.teardown(() => synthesizer?.close());
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

/** Of the other sex than the desk's own voice, so that nobody recognises a copy of itself. */
const VOICE = 'voice: +f3';

if (skip === false) {
  const server = await startDesk(t);
  const idle = await server.counts();
  const call = (number: string, steps: string) => callDesk(server, steps, { number, synthesizer });

  // Callers mostly listen, so two call at once, each a number of the desk by which its record is found.
  t.jobs = 2;

  t.test(
    'a call by key and by phrase: prompts heard, path taken, both channels recorded, record kept',
    async (t) => {
      const report = await call(
        '2011',
        `
  - expect: { phrases: [${WELCOME}] }
  - expect: { phrases: [${QUESTION}] }
  - press: "1"
  - expect: { phrases: [${WEATHER}] }
  - expect: { phrases: [${WELCOME}] }
  - expect: { phrases: [${QUESTION}] }
  - say: { text: leave us again, ${VOICE} }
  - expect: { phrases: [${GOODBYE}] }
  - expectHangup
`,
      );
      t.equal(report.failure, undefined);
      t.ok(
        (report.turns[1]?.gapMs ?? 9999) < 1000,
        `the key was answered after ${report.turns[1]?.gapMs} ms`,
      );
      const record = await newestRecord(server, 0, '2011');
      t.match(record, {
        endReason: 'local-bye',
        path: ['main.menu', 'main.weather', 'main.menu', 'main.goodbye'],
      });
      t.match(
        record.turns.find(({ outcome }) => outcome === 'phrase'),
        { heard: 'leave us again' },
      );
      t.ok(
        (report.turns[2]?.gapMs ?? 9999) < 2000,
        `the phrase was answered after ${report.turns[2]?.gapMs} ms`,
      );
      const [caller, bot] = await channelLevelsDb(server, record);
      t.ok((caller ?? -100) > -40, `the caller is on the left (${caller} dB)`);
      t.ok((bot ?? -100) > -40, `the bot is on the right (${bot} dB)`);
    },
  );

  t.test('silence gets a reprompt, then the way out', async (t) => {
    const report = await call(
      '2012',
      `
  - expect: { phrases: [${QUESTION}] }
  - expect: { phrases: [${NO_INPUT}] }
  - expect: { phrases: [${GOODBYE}], withinMs: 20000 }
  - expectHangup
`,
    );
    t.equal(report.failure, undefined);
    const record = await newestRecord(server, 0, '2012');
    t.ok(record.turns.filter(({ outcome }) => outcome === 'noInput').length >= 2);
  });

  t.test('a phrase that is not expected gets a reprompt', async (t) => {
    const report = await call(
      '2013',
      `
  - expect: { phrases: [${QUESTION}] }
  - say: { text: purple elephants are dancing, ${VOICE} }
  - expect: { phrases: [${NO_MATCH}] }
  - press: "2"
  - expect: { phrases: [${GOODBYE}] }
  - expectHangup
`,
    );
    t.equal(report.failure, undefined);
    const record = await newestRecord(server, 0, '2013');
    t.ok(record.turns.some(({ outcome }) => outcome === 'noMatch'));
  });

  t.test('a phrase in the prompt cuts it too', async (t) => {
    const report = await call(
      '2014',
      `
  - bargeIn: { afterMs: 1000, say: { text: weather forecast, ${VOICE} } }
  - expect: { phrases: [${WEATHER}] }
  - hangup
`,
    );
    t.equal(report.failure, undefined);
    const record = await newestRecord(server, 0, '2014');
    t.match(record.turns[0], { outcome: 'phrase', heard: 'weather forecast' });
    t.ok(
      (report.turns[1]?.stopMs ?? 9999) < 1000,
      `silent ${report.turns[1]?.stopMs} ms after the first word`,
    );
  });

  t.test('a key in the prompt cuts it', async (t) => {
    const report = await call(
      '2015',
      `
  - bargeIn: { afterMs: 700, press: "1" }
  - expect: { phrases: [${WEATHER}] }
  - hangup
`,
    );
    t.equal(report.failure, undefined);
    t.equal(report.turns[1]?.bargedIn, true);
    t.ok((report.turns[1]?.stopMs ?? 9999) < 500, `silent ${report.turns[1]?.stopMs} ms after the key`);
  });

  t.test('after all of them nothing is left', { buffered: false }, async (t) => {
    t.same(await leftAbove(server, idle), {});
  });

  t.test('SIGTERM ends the server without complaint', { buffered: false }, async (t) => {
    const { code } = await server.stop();
    t.equal(code, 0);
  });
} else {
  t.test('scripted calls to the whole server', { skip }, async () => undefined);
}
