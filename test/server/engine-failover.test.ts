import { t } from 'tap';
import type { Test } from 'tap';
import { goertzel } from '../../src/audio/goertzel.js';
import { tone } from '../../src/audio/tone.js';
import { FaultEngine, type EngineFault } from '../speech/fault-engine.js';
import { House } from './house.js';
import { Phone } from './phone.js';

// Each has a server of its own, and waits most of its time.
t.jobs = 2;
t.setTimeout(120_000);

const voiceHz = 700;
/** What is said after an answer that was not understood. */
const pardonHz = 1100;

/** The answer's sentence is made during the call; the questions are made before it. */
const dialplan = `
name: shop
dialects: [en-gb]
defaults: { bargeIn: speech, noInputMs: 6000, retries: 2, wayOut: main.sorry }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: Say opening hours or press one.
        noInput: { reprompts: [Are you there?] }
        noMatch: { reprompts: [Pardon?] }
        choices:
          hours: { key: 1, phrases: [opening hours], goto: told }
      told: { type: hangup, prompt: 'For {{calledNumber}} from eight to six.' }
      sorry: { type: hangup, prompt: Sorry. }
`;

async function scene(t: Test, text = dialplan, options: Readonly<Record<string, unknown>> = {}) {
  const speak = ({ text: words, sampleRateHz }: { text: string; sampleRateHz: number }) =>
    tone({ frequenciesHz: [words === 'Pardon?' ? pardonHz : voiceHz], durationMs: 600, sampleRateHz });
  const engines = [await FaultEngine.start({ speak }), await FaultEngine.start({ speak })];
  t.teardown(() => Promise.all(engines.map((engine) => engine.close())));
  const house = await House.start(
    t,
    {
      'speech.engines': engines.map(({ url }, at) => ({ name: `engine-${at}`, url })),
      'speech.recognizers': ['engine-0', 'engine-1'],
      'speech.synthesizers': ['engine-0', 'engine-1'],
      ...options,
    },
    { dialplans: { shop: text }, numbers: '  - called: [5]\n    dialplan: shop\n' },
  );
  await house.server.ready;
  return { house, phone: await Phone.open(t), engines };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A call that says something after the first prompt, and presses keys if asked so; resolves with all that is kept of it. */
async function talk({ house, phone }: Awaited<ReturnType<typeof scene>>, keys = '') {
  const idle = await house.held();
  const call = await (await phone.dial(house.uri('5'))).answered();
  await call.hears(voiceHz);
  // He lets the bot finish; how long that takes exactly does not matter.
  await pause(1200);
  call.forget();
  call.sing(1000);
  await pause(900);
  call.sing(0);
  if (keys !== '') {
    // The question again, after what the house says.
    await call.hears(pardonHz, 3, 30_000);
    for (const key of keys) await call.press(key);
  }
  await call.farEnd(30_000);
  await call.end();
  const record = await house.record(call.sipCallId);
  return {
    record,
    journal: await house.journal(record),
    heard: (await house.recording(record)).heard,
    left: await house.leftAbove(idle),
  };
}

for (const fault of ['halfOpen', 'acceptThenFreeze', 'stall', 'refuse'] satisfies EngineFault[]) {
  t.test(
    `the first engine fails (${fault}): the caller is understood, and answered, by the next`,
    async (t) => {
      const house = await scene(t);
      await house.engines[0]?.fail(fault);
      const { record, left } = await talk(house);
      t.strictSame(record.path, ['main.ask', 'main.told']);
      t.strictSame(
        record.turns.map(({ outcome }) => outcome),
        ['phrase', 'none'],
      );
      t.ok((house.engines[1]?.begun ?? 0) > 0);
      t.strictSame(left, {});
    },
  );
}

t.test('every engine is gone: the call says so and goes on by keys, the answer by a recording', async (t) => {
  const house = await scene(t);
  for (const engine of house.engines) await engine.fail('refuse');
  const { record, journal, left } = await talk(house, '1');
  t.strictSame(record.path, ['main.ask', 'main.told']);
  t.strictSame(
    record.turns.map(({ outcome }) => outcome),
    ['noMatch', 'keys', 'none'],
  );
  t.match(record.turns[1]?.said[0], 'keys of your telephone');
  t.match(
    journal.filter(({ type }) => type === 'recognizerFailed'),
    [{ code: 'SPEECH_NO_RECOGNIZER' }],
  );
  t.strictSame(left, {});
});

t.test('a question that has no keys is given up for the way out when nobody hears any more', async (t) => {
  const house = await scene(t, dialplan.replace('key: 1, ', ''), { 'speech.failover.failuresToOpen': 1 });
  for (const engine of house.engines) await engine.fail('refuse');
  const { record } = await talk(house);
  t.equal(record.path.at(-1), 'main.sorry');
  t.strictSame(
    record.turns.map(({ outcome }) => outcome),
    ['noMatch', 'none'],
    'not asked again in vain',
  );
});

t.test('while every engine hangs the caller hears fillers', async (t) => {
  const house = await scene(t);
  for (const engine of house.engines) await engine.fail('halfOpen');
  const { record, journal, heard } = await talk(house, '1');
  t.equal(record.path.at(-1), 'main.told');
  const fillers = journal.filter(({ type }) => type === 'filler');
  t.ok(fillers.length > 0);
  // 392 Hz for 180 ms: the first note.
  let notes = 0;
  for (let at = 0; at + 160 <= heard.length; at += 160) {
    if (goertzel(heard.subarray(at, at + 160), 392, 8000) > 1000 ** 2) notes += 1;
  }
  t.ok(notes >= 5, `${notes} packets of it in what the caller heard`);
});

t.test('who thinks for long before he presses a key, or says nothing, hears no filler', async (t) => {
  const { house, phone } = await scene(t, dialplan.replace('noInputMs: 6000', 'noInputMs: 2500'));
  const call = await (await phone.dial(house.uri('5'))).answered();
  await call.hears(voiceHz, 28);
  call.forget();
  // He is asked once more, and thinks for longer than a caller may wait in silence.
  await call.hears(voiceHz, 28);
  await pause(1900);
  await call.press('1');
  await call.farEnd();
  await call.end();
  const record = await house.record(call.sipCallId);
  t.strictSame(
    record.turns.map(({ outcome }) => outcome),
    ['noInput', 'keys', 'none'],
  );
  const journal = await house.journal(record);
  t.strictSame(
    journal.filter(({ type }) => type === 'filler'),
    [],
  );
});
