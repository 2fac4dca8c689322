import { t } from 'tap';
import { tone } from '../../src/audio/tone.js';
import { concatSamples } from '../../src/audio/pcm.js';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { House, longToneHz } from './house.js';
import { Phone, type PhoneCall } from './phone.js';
import { ScriptedSpeech } from './scripted-speech.js';

// Each has a server of its own, and waits most of its time.
t.jobs = 2;

const dialplan = (prompt: string) => `
name: turns
dialects: [en-gb]
defaults: { noInputMs: 20000, wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: ${prompt}
        choices: { pay: { phrases: [pay], goto: bye } }
      bye: { type: hangup }
`;

/** Frequencies of the words of the bot's sentence, in order: a tone of 500 ms each, with pauses of 80 ms between. */
const wordsHz = [500, 600, 700, 800, 900, 1000, 1100, 1200];

/** Says every sentence as a row of tones, by which a test tells what of it was heard. */
class SpeechInTones extends ScriptedSpeech {
  override readonly speak = () => ({
    sampleRateHz: 8000,
    async *[Symbol.asyncIterator]() {
      for (const hz of wordsHz) {
        const word = tone({ frequenciesHz: [hz], durationMs: 500, sampleRateHz: 8000 });
        yield await Promise.resolve(concatSamples([word, new Int16Array(640)]));
      }
    },
  });
}

/** A cough as the detector hears it: a short sound with a voice in it. */
const cough = tone({ frequenciesHz: [210, 420, 630], durationMs: 160, sampleRateHz: 8000 });

/** What sounds in each stretch of 20 ms: one of the frequencies, or 0. */
function heardIn(samples: Int16Array, frequenciesHz: readonly number[]): number[] {
  const found: number[] = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    let best = 0;
    let most = 160 * 300;
    for (const hz of frequenciesHz) {
      let re = 0;
      let im = 0;
      for (let n = 0; n < 160; n += 1) {
        const sample = samples[at + n] ?? 0;
        re += sample * Math.cos((2 * Math.PI * hz * n) / 8000);
        im += sample * Math.sin((2 * Math.PI * hz * n) / 8000);
      }
      const power = Math.hypot(re, im);
      if (power > most) [most, best] = [power, hz];
    }
    found.push(best);
  }
  return found;
}

/** Where the longest silence between two sounds begins and ends, in stretches. */
function longestPause(stretches: readonly number[]): { from: number; to: number } {
  let pause = { from: 0, to: 0 };
  let last: number | undefined;
  stretches.forEach((hz, index) => {
    if (hz === 0) return;
    if (last !== undefined && index - last > pause.to - pause.from) pause = { from: last, to: index };
    last = index;
  });
  return pause;
}

async function callOf(house: House, phone: Phone): Promise<PhoneCall> {
  await house.server.ready;
  return (await phone.dial(house.uri('5'))).answered();
}

/** The caller says what the engine is to hear next, and the call ends. */
async function finish(house: House, call: PhoneCall, speech: ScriptedSpeech, yaml: string) {
  speech.sentences.push('pay');
  call.say(tone({ frequenciesHz: [210, 420, 630], durationMs: 600, sampleRateHz: 8000 }));
  await call.farEnd();
  await call.end();
  const record = await house.record(call.sipCallId);
  return { record, path: replay(dialplanOf(yaml, await house.manifest()), await house.journal(record)) };
}

t.test('after a cough the bot goes on from the interrupted word, and the call goes its way', async (t) => {
  const speech = new SpeechInTones();
  const yaml = dialplan('What would you like to do?');
  const house = await House.start(
    t,
    {},
    { dialplans: { turns: yaml }, numbers: '  - called: [5]\n    dialplan: turns\n', speech },
  );
  const call = await callOf(house, await Phone.open(t));
  await call.hears(700, 8);
  speech.sentences.push('');
  call.say(cough);
  await call.hears(1200, 20);
  const stretches = heardIn(call.samples, wordsHz);
  const { from, to } = longestPause(stretches);
  t.ok(to - from >= 10, `silent for ${(to - from) * 20} ms`);
  t.ok(stretches.slice(0, from).includes(700), 'the third word had begun');
  const before = wordsHz.indexOf(stretches[from] ?? 0);
  const after = wordsHz.indexOf(stretches[to] ?? 0);
  t.ok(
    after === before || after === before - 1,
    `${stretches[from]} Hz was cut, it goes on with ${stretches[to]}`,
  );
  const said = stretches.slice(to).filter((hz, index, all) => hz !== 0 && hz !== all[index - 1]);
  t.same([...new Set(said)], wordsHz.slice(after), 'and says all the rest, in order');
  const { record, path } = await finish(house, call, speech, yaml);
  t.match(record.turns, [{ outcome: 'phrase', heard: 'pay' }], 'nothing was taken for an answer before');
  t.same(path, record.path, 'the journal decides the same again');
});

t.test('a recording that the media server plays goes on, too', async (t) => {
  const speech = new ScriptedSpeech();
  const yaml = dialplan('{ file: long }');
  const house = await House.start(
    t,
    {},
    { dialplans: { turns: yaml }, numbers: '  - called: [5]\n    dialplan: turns\n', speech },
  );
  const call = await callOf(house, await Phone.open(t));
  await call.hears(longToneHz, 60);
  speech.sentences.push('');
  call.say(cough);
  await call.hears(longToneHz, 190);
  const { record, path } = await finish(house, call, speech, yaml);
  const stretches = heardIn(call.samples, [longToneHz]);
  const { from, to } = longestPause(stretches);
  t.ok(to - from >= 10, `silent for ${(to - from) * 20} ms`);
  const sounded = stretches.filter((hz) => hz !== 0).length * 20;
  t.ok(sounded < 5500, `4 s of sound, a little of it twice: ${sounded} ms`);
  t.match(record.turns, [{ outcome: 'phrase', heard: 'pay' }]);
  t.same(path, record.path);
});
