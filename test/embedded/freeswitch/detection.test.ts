import t from 'tap';
import { tone } from '../../../src/audio/tone.js';
import { connectLibraries, hum, nothingLeft, start, type Endpoint } from './libraries.js';
import { until, type EslEvent } from './testbed.js';

/** What drachtio-fsmrf passes on of one subclass of CUSTOM events. */
function customEvents(endpoint: Endpoint, name: string): EslEvent[] {
  const events: EslEvent[] = [];
  endpoint.addCustomEventListener(name, (_body, event) => events.push(event));
  return events;
}

function talk(event: EslEvent | undefined): string | null | undefined {
  return event?.getHeader('detected-event');
}

t.test('a caller who begins and stops to talk is told, until it is stopped', async (t) => {
  const pair = await start(t);
  const { call } = await connectLibraries(t, pair);
  const { endpoint, phone, hangUp } = await call();
  const events = customEvents(endpoint, 'vad_detect:detection');
  await endpoint.startVadDetection({
    strategy: 'continuous',
    mode: 2,
    silenceMs: 200,
    voiceMs: 100,
    bugname: 'ear',
  });
  hum(phone, 440, 600);
  await until('both', () => events.length === 2);
  t.strictSame(events.map(talk), ['start_talking', 'stop_talking']);
  t.equal(events[0]?.getHeader('media-bugname'), 'ear');
  t.equal(events[0]?.getHeader('Unique-ID'), endpoint.uuid);
  hum(phone, 440, 300);
  await until('again', () => events.length === 4);
  await endpoint.stopVadDetection({ bugname: 'ear' });
  // Another one hears what comes then to its end.
  await endpoint.startVadDetection({ silenceMs: 100, voiceMs: 60, bugname: 'marker' });
  hum(phone, 440, 400);
  await until('the sound is over', () => events.length === 6);
  t.equal(
    events.filter((event) => event.getHeader('media-bugname') === 'ear').length,
    4,
    'nothing after the stop',
  );
  await hangUp();
  await nothingLeft(pair);
});

t.test('a one-shot detection tells the beginning and no more', async (t) => {
  const pair = await start(t);
  const { call } = await connectLibraries(t, pair);
  const { endpoint, phone, hangUp } = await call();
  const events = customEvents(endpoint, 'vad_detect:detection');
  await endpoint.startVadDetection({ strategy: 'one-shot', silenceMs: 100, voiceMs: 60, bugname: 'once' });
  await endpoint.startVadDetection({
    strategy: 'continuous',
    silenceMs: 100,
    voiceMs: 60,
    bugname: 'always',
  });
  hum(phone, 440, 300);
  const by = (name: string) => events.filter((event) => event.getHeader('media-bugname') === name);
  await until('the other is over', () => by('always').some((event) => talk(event) === 'stop_talking'));
  t.strictSame(by('once').map(talk), ['start_talking']);
  t.match((await endpoint.api('uuid_vad_detect', 'nobody start one-shot')).getBody(), /^-ERR/);
  await hangUp();
  await nothingLeft(pair);
});

t.test('tone_detect tells the tone it was asked for, once, and runs what it was given', async (t) => {
  const pair = await start(t);
  const { call } = await connectLibraries(t, pair);
  const { endpoint, phone, hangUp } = await call();
  const tones: string[] = [];
  endpoint.on('tone', (heard: { tone: string }) => tones.push(heard.tone));
  const done = await endpoint.execute('tone_detect', 'fax 1100 r +30 set heard=yes');
  t.equal(done.getHeader('Application'), 'tone_detect', 'it returns at once');
  await endpoint.execute('tone_detect', 'busy 480,620 r');
  hum(phone, 1300, 300);
  hum(phone, 1100, 400);
  await until('the fax', () => tones.length === 1);
  t.strictSame(tones, ['fax']);
  t.equal((await endpoint.api('uuid_getvar', `${endpoint.uuid} heard`)).getBody().trim(), 'yes');
  phone.say(tone({ frequenciesHz: [480, 620], durationMs: 400, sampleRateHz: 8000 }));
  await until('busy', () => tones.length === 2);
  t.equal(tones[1], 'busy');
  await endpoint.execute('tone_detect', 'again 1100 r');
  await endpoint.execute('stop_tone_detect');
  const beeps = customEvents(endpoint, 'avmd::beep');
  await endpoint.execute('avmd_start');
  hum(phone, 1100, 400);
  await until('a detector that goes on hears it', () => beeps.length === 1);
  t.equal(tones.length, 2, 'the stopped one does not');
  await hangUp();
  await nothingLeft(pair);
});

t.test(
  "an answering machine's beep is told with its pitch, once; the end says that there was one",
  async (t) => {
    const pair = await start(t);
    const { call } = await connectLibraries(t, pair);
    const { endpoint, phone, hangUp } = await call();
    const [beeps, starts, stops] = ['beep', 'start', 'stop'].map((name) =>
      customEvents(endpoint, `avmd::${name}`),
    );
    await endpoint.execute('avmd_start');
    await until('start', () => starts?.length === 1);
    hum(phone, 850, 400);
    await until('the beep', () => beeps?.length === 1);
    t.equal(beeps?.[0]?.getHeader('Beep-Status'), 'DETECTED');
    t.ok(Math.abs(Number(beeps?.[0]?.getHeader('Frequency')) - 850) < 15);
    await endpoint.execute('avmd_stop');
    await until('stop', () => stops?.length === 1);
    t.equal(stops?.[0]?.getHeader('Beep-Status'), 'DETECTED');
    t.equal((await endpoint.api('uuid_getvar', `${endpoint.uuid} avmd_detect`)).getBody().trim(), 'TRUE');
    await hangUp();
    await nothingLeft(pair);
  },
);
