import { t } from 'tap';
import { tone } from '../../src/audio/tone.js';
import { FaultEngine, type SayMessage } from '../speech/fault-engine.js';
import { House } from './house.js';
import { Phone } from './phone.js';

t.setTimeout(60_000);

const voiceHz = 700;
const noInputMs = 1000;

const dialplan = `
name: elder
dialects: [en-gb]
variables: { elderMode: on }
defaults: { noInputMs: ${noInputMs}, retries: 1, wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: Press one.
        noInput: { reprompts: [Are you there?] }
        choices: { one: { key: 1, goto: bye } }
      bye: { type: hangup, prompt: 'Goodbye {{calledNumber}}.' }
`;

t.test(
  'a call in elder mode: every sentence is asked for slower, made before the call where it can be, and the caller has longer',
  async (t) => {
    const asked: SayMessage[] = [];
    const engine = await FaultEngine.start({
      speak: (message) => {
        asked.push(message);
        return tone({ frequenciesHz: [voiceHz], durationMs: 600, sampleRateHz: message.sampleRateHz });
      },
    });
    t.teardown(() => engine.close());
    const house = await House.start(
      t,
      {
        'speech.engines': [{ name: 'engine', url: engine.url }],
        'speech.recognizers': ['engine'],
        'speech.synthesizers': ['engine'],
      },
      { dialplans: { elder: dialplan }, numbers: '  - called: [5]\n    dialplan: elder\n' },
    );
    await house.server.ready;
    const before = asked.length;
    const phone = await Phone.open(t);
    const call = await (await phone.dial(house.uri('5'))).answered();
    await call.farEnd();
    await call.end();

    const slower = asked.filter(({ rate = 1 }) => rate < 1).map(({ text }) => text);
    t.ok(slower.includes('Press one.') && slower.includes('Are you there?'));
    t.strictSame(
      asked.slice(before).map(({ text, rate = 1 }) => [text, rate < 1]),
      [['Goodbye five.', true]],
      'what could be made before the call was, at that rate',
    );
    const journal = await house.journal(await house.record(call.sipCallId));
    const ended = journal.find(({ type }) => type === 'promptsEnded');
    const again = journal.filter(({ type }) => type === 'say')[1];
    t.ok(Number(again?.['atMs']) - Number(ended?.['atMs']) > 1.4 * noInputMs);
  },
);
