import { t, type Test } from 'tap';
import { startReferenceServer } from '../../src/speech/engines/xiangyin/reference-server.js';
import { speak } from '../../src/speech/engines/xiangyin/reference-tones.js';
import { House, eventually } from './house.js';
import { Phone } from './phone.js';

const rate = 8000;
const limitMs = 20_000;

const billing = `
name: billing
dialects: [en-gb]
defaults: { dialect: en-gb, bargeIn: none, noInputMs: 20000, retries: 6, wayOut: main.lost }
prompts:
  pardon: { en-gb: say again }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: { en-gb: which one }
        noInput: { reprompts: [pardon] }
        noMatch: { reprompts: [pardon] }
        choices:
          pay: { key: "1", phrases: { en-gb: [pay my bill] }, goto: paid }
          hours: { key: "2", phrases: { en-gb: [open hours] }, goto: lost }
      paid:
        type: hangup
        prompt: { en-gb: bill paid }
      lost:
        type: hangup
        prompt: { en-gb: lost }
`;

async function houseOn(t: Test, url: string, token?: string): Promise<House> {
  const house = await House.start(
    t,
    {
      'speech.engines': [{ name: 'tones', url, ...(token !== undefined && { tokenFile: token }) }],
      'speech.recognizers': ['tones'],
      'speech.synthesizers': ['tones'],
      // This machine may be busy.
      'speech.failover.connectMs': limitMs,
      'speech.failover.firstResultMs': limitMs,
      'speech.failover.finalMs': limitMs,
      'speech.failover.firstAudioMs': limitMs,
      'speech.failover.betweenChunksMs': limitMs,
    },
    { dialplans: { billing }, numbers: '  - called: [5]\n    dialplan: billing\n' },
  );
  await house.server.ready;
  return house;
}

t.test('a call is understood and spoken to by an engine of the engine protocol', async (t) => {
  const engine = await startReferenceServer(0, 'sesame');
  t.teardown(() => engine.close());
  const house = await houseOn(t, engine.url, `${t.testdir({ token: 'sesame\n' })}/token`);
  const phone = await Phone.open(t);
  const call = await (await phone.dial(house.uri('5'))).answered();
  // By how long it is: on a busy machine packets are lost, and with one a tone's place among the others.
  const hears = async (words: string) => {
    const frames = (speak(words, rate).length / 160) * 0.8;
    let audible = 0;
    let sincePackets = 0;
    await eventually(() => {
      if (call.audibleFrames > audible) {
        audible = call.audibleFrames;
        sincePackets = call.packets;
      }
      const silent = call.packets > sincePackets + 25;
      return call.hungUp || (audible >= frames && silent) ? true : undefined;
    }, limitMs);
  };
  // Slowly: a packet that comes late costs no symbol then.
  const says = (words: string) => {
    call.forget();
    call.say(speak(words, rate, 0.5));
  };

  await hears('which one');
  // Something that fits nothing first.
  says('sell my car');
  await hears('say againwhich one');
  // Who is not understood says it again.
  for (let times = 0; times < 4 && !call.hungUp; times++) {
    says('pay my bill');
    await hears('say againwhich one');
  }
  await call.farEnd();
  await call.end();

  const record = await house.record(call.sipCallId, limitMs);
  t.strictSame(record.path, ['main.menu', 'main.paid']);
  t.match(record.turns[0], { outcome: 'noMatch', said: ['which one'] });
  const answers = record.turns.filter(({ outcome }) => outcome === 'phrase');
  t.match(answers, [{ heard: 'pay my bill' }]);
  t.strictSame(record.turns.at(-1)?.said, ['bill paid']);
  t.strictSame(
    house.log.filter(({ level }) => level === 'error'),
    [],
  );
});
