import t from 'tap';
import { Hearing } from '../../src/call/hearing.js';
import type { Understanding } from '../../src/call/understanding.js';
import { ManualClock } from '../../src/core/clock.js';
import { DialectPacks } from '../../src/dialect/packs.js';
import { readPack } from '../../src/dialect/read-pack.js';
import type { CollectAction, OpenSpeech } from '../../src/dialog/action.js';
import { initialState } from '../../src/dialog/dialog-state.js';
import { dialplanOf, FakeJournal } from './fakes.js';

const plan = dialplanOf(`
name: small
dialects: [en-gb]
flows: { main: { nodes: { bye: { type: hangup } } } }
`);

const english = readPack('dialect: en\nbackchannels: [okay, uh-huh]', 'en.yaml').pack;
const packs = new DialectPacks(english === undefined ? [] : [english]);

/** As the packs have it: okay is a yes, whatever was asked. */
const understanding: Understanding = {
  running: true,
  identify: () => Promise.resolve(undefined),
  understand: () => Promise.resolve({ meaning: { type: 'reply', reply: 'yes' } }),
};

const speech: OpenSpeech = {
  autonomy: 'open',
  set: undefined,
  intents: [],
  replies: [],
  slot: undefined,
  confirming: undefined,
  spoken: ['en-gb'],
  expected: true,
};

/** What the turn is told when a caller says this to such a question. */
function told(text: string, asked: OpenSpeech) {
  const hearing = new Hearing({
    dialplan: plan,
    understanding,
    packs,
    listener: { again: () => false },
    journal: new FakeJournal(new ManualClock()).asJournal,
    state: () => initialState(plan, { callingNumber: '1', calledNumber: '2' }),
    changed: () => undefined,
  });
  const collect: CollectAction = {
    type: 'collect',
    node: 'main.ask',
    phrases: [],
    keys: undefined,
    speech: asked,
    noInputMs: 5000,
    interDigitTimeoutMs: 3000,
    sensitive: false,
  };
  const alternatives = [{ phraseId: undefined, text, dialect: 'en-gb', confidence: 0.9 }];
  return new Promise<{ phraseId: string | undefined; reply: string | undefined }>((resolve) =>
    hearing.recognized(
      { alternatives },
      {
        collect,
        over: () => false,
        fits: ({ alternatives: [best], meaning }) =>
          resolve({
            phraseId: best?.phraseId,
            reply: meaning?.type === 'reply' ? meaning.reply : undefined,
          }),
      },
    ),
  );
}

t.test('okay is a sign of listening where no yes is asked for', async (t) => {
  t.same(await told('Okay.', speech), { phraseId: '#backchannel', reply: undefined });
});

t.test('it is an answer where one is asked for, and words that say more always are', async (t) => {
  const yes = { phraseId: undefined, reply: 'yes' };
  t.same(await told('okay', { ...speech, replies: [{ reply: 'yes', id: 'agree' }] }), yes);
  t.same(await told('okay', { ...speech, confirming: { value: undefined } }), yes);
  t.same(await told('yes I do', speech), yes);
});
