import { t } from 'tap';
import type { Test } from 'tap';
import { decodePcma, encodePcma } from '../../src/audio/g711.js';
import { ControlClient } from '../../src/http/control-client.js';
import {
  createEspeakSynthesizer,
  type EspeakSynthesizer,
} from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { House, eventually, shortToneHz } from './house.js';
import { Phone } from './phone.js';
import { converse, scriptedScene } from './scripted-call.js';

t.setTimeout(180_000);

const desk = (intents: string, bill: string) => `
name: electricity
dialects: [cmn]
${intents}
defaults: { bargeIn: none, noInputMs: 20000, retries: 0, wayOut: main.lost }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: 请问您要办什么业务？
        noInput: { reprompts: [没有听到。] }
        noMatch: { reprompts: [没听明白。] }
        choices:
          bill: { ${bill}, goto: found }
          outage: { phrases: [停电报修], goto: lost }
      found: { type: hangup, prompt: 电费是一百元，再见。 }
      lost: { type: hangup, prompt: 再见。 }
`;

const strange = '侬帮我轧轧苗头看';
const matchesOf = async (control: ControlClient) => (await control.taught()).map(({ matches }) => matches);

t.test(
  'words: not understood, taught, understood by the next caller without a restart, taken back',
  async (t) => {
    const scene = await scriptedScene(t, 'electricity', desk('', 'phrases: [查询电费]'));
    const control = await ControlClient.open(scene.house.dataDir);
    const first = await converse(scene, [strange]);
    t.strictSame(first.path, ['main.menu', 'main.lost']);
    const refused = (turn: number, means: string) =>
      control.teach({ call: first.id, turn, means, by: 'ming' });
    await t.rejects(refused(9, 'bill'), { message: /has no turn 9/ });
    await t.rejects(refused(1, 'pizza'), {
      message: /'pizza' means nothing at main.menu. Choices there: bill, outage/,
    });
    const { entry, report } = await control.teach({
      call: first.id,
      turn: 1,
      means: 'bill',
      dialect: 'wuu',
      by: 'ming',
    });
    t.match(entry, {
      words: strange,
      soundMs: null,
      dialect: 'wuu',
      intent: null,
      phrases: [{ text: '查询电费', dialect: 'cmn' }],
      callId: first.id,
      turn: 1,
      taughtBy: 'ming',
    });
    t.strictSame(report, {}, 'no intent: the phrases of the menu were checked alone');
    await t.rejects(refused(1, 'outage'), { message: /is taught already/ });
    const second = await converse(scene, [strange]);
    t.strictSame(second.path, ['main.menu', 'main.found'], 'the next caller');
    await eventually(async () => (await matchesOf(control))[0] === 1 || undefined);
    t.equal((await control.unteach(entry.id)).id, entry.id);
    const third = await converse(scene, [strange]);
    t.strictSame(third.path, ['main.menu', 'main.lost'], 'taken back');
    await t.rejects(control.unteach(entry.id), { message: /nothing is taught under/ });
    const shown = JSON.stringify(scene.house.log);
    t.notMatch(shown, /苗头/, 'nothing of what he said is in the log');
  },
);

const wish = '帮我看一眼小本本';

t.test('words that mean an intent: the dialplan gives it to its choice', async (t) => {
  const scene = await scriptedScene(
    t,
    'electricity',
    desk('intents: { set: hotline }', 'intent: bill-query'),
  );
  const control = await ControlClient.open(scene.house.dataDir);
  const first = await converse(scene, [wish]);
  t.strictSame(first.path, ['main.menu', 'main.lost']);
  const { entry, report } = await control.teach({ call: first.id, turn: 1, means: 'bill-query', by: 'ming' });
  t.match(entry, { words: wish, intent: 'bill-query', phrases: [] });
  t.match(report.words, { stolen: [], found: true });
  t.ok((report.words?.sentences ?? 0) > 500, 'against the whole regression set of its family');
  t.equal(report.words?.rightAfter, report.words?.rightBefore);
  const second = await converse(scene, ['帮我看一眼小本本吧']);
  t.strictSame(second.path, ['main.menu', 'main.found'], 'nearly the same sentence, too');
  await eventually(async () => (await matchesOf(control))[0] === 1 || undefined);
  await control.unteach(entry.id);
  const third = await converse(scene, [wish]);
  t.strictSame(third.path, ['main.menu', 'main.lost']);
});

const installed = await createEspeakSynthesizer().catch((error: unknown) => {
  if ((error as { code?: string }).code !== 'SPEECH_ENGINE_MISSING') throw error;
  return undefined;
});
t.teardown(() => installed?.close());
const skip = installed === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

const spoken = `
name: spoken
dialects: [en-gb, cmn]
defaults: { bargeIn: none, noInputMs: 20000, retries: 0, wayOut: main.lost }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: { file: short }
        listenIn: [cmn]
        noInput: { reprompts: [{ file: short }] }
        noMatch: { reprompts: [{ file: short }] }
        choices:
          bill: { phrases: { cmn: [查询电费, 电费账单] }, goto: found }
          outage: { phrases: { cmn: [停电报修] }, goto: lost }
          person: { phrases: { cmn: [人工服务] }, goto: lost }
      found: { type: hangup, prompt: { file: short } }
      lost: { type: hangup, prompt: { file: short } }
`;

/** A wording that is in no menu, in a language that the menu is not in: Cantonese stands for Wu. */
async function wording(text: string, voice: string, rate: number): Promise<Int16Array> {
  const samples: number[] = [];
  const synthesizer = installed as EspeakSynthesizer;
  for await (const chunk of synthesizer.synthesize({ text, dialect: 'yue', voice, rate }, 8000))
    samples.push(...chunk);
  const coded = new Uint8Array(samples.length);
  const line = Int16Array.from(samples);
  encodePcma(line, coded);
  decodePcma(coded, line);
  return line;
}

async function callAndSay(house: House, phone: Phone, samples: Int16Array): Promise<CallRecord> {
  const call = await (await phone.dial(house.uri('6'), { headers: {} })).answered();
  await call.hears(shortToneHz, 3, 20_000);
  call.say(samples);
  await call.farEnd(60_000);
  await call.end();
  return house.record(call.sipCallId);
}

async function spokenHouse(t: Test): Promise<{ house: House; phone: Phone; control: ControlClient }> {
  const house = await House.start(
    t,
    {},
    { dialplans: { spoken }, numbers: '  - called: [6]\n    dialplan: spoken\n', speech: 'embedded' },
  );
  await house.server.ready;
  return { house, phone: await Phone.open(t), control: await ControlClient.open(house.dataDir) };
}

t.test(
  'a sound: cut from the recording, found again from another voice, forgotten with its caller',
  { skip },
  async (t) => {
    const { house, phone, control } = await spokenHouse(t);
    const words = '呢个月要畀几多钱呀';
    const first = await callAndSay(house, phone, await wording(words, '+f3', 1));
    t.strictSame(first.path, ['main.menu', 'main.lost']);
    t.equal(first.turns[0]?.outcome, 'noMatch');
    const { entry, report } = await control.teach({
      call: first.id,
      turn: 1,
      means: 'bill',
      dialect: 'wuu',
      by: 'ming',
    });
    t.match(entry, { words: null, dialect: 'wuu', intent: null });
    t.strictSame(
      entry.phrases.map(({ text }) => text),
      ['查询电费', '电费账单'],
    );
    t.ok((entry.soundMs ?? 0) > 800 && (entry.soundMs ?? 0) < 4000, `${entry.soundMs} ms`);
    t.ok(
      (report.sound?.phrases ?? 0) >= 8 && (report.sound?.everyday ?? 0) >= 20,
      'heard beside other words',
    );
    const second = await callAndSay(house, phone, await wording(words, '+m5', 0.9));
    t.strictSame(second.path, ['main.menu', 'main.found'], 'another voice, slower');
    await eventually(async () => (await matchesOf(control))[0] === 1 || undefined);
    const third = await callAndSay(house, phone, await wording('你哋几点收工呀唔该', '+m5', 1));
    t.strictSame(third.path, ['main.menu', 'main.lost'], 'other words are not taken for it');
    t.match(await control.forgetCaller(first.callingNumber, true), { taught: { erased: 0, kept: 1 } });
    t.match(await control.forgetCaller(first.callingNumber, false), { taught: { erased: 1, kept: 0 } });
    const fourth = await callAndSay(house, phone, await wording(words, '+f3', 1));
    t.strictSame(fourth.path, ['main.menu', 'main.lost'], 'with the caller his sound is forgotten');
  },
);
