import t from 'tap';
import { EndpointPolicy, endpointSilences, type ExpectedSpeech } from '../../src/call/turn-endpoint.js';
import { DialectPacks } from '../../src/dialect/packs.js';
import { readPack } from '../../src/dialect/read-pack.js';
import type { RecognitionResult } from '../../src/speech/recognizer.js';

const packs = new DialectPacks(
  [
    'dialect: en\nturnFinal: [please]\nturnHolding: [because, and]',
    'dialect: cmn\nturnFinal: [吗, 呢]\nturnHolding: [然后, 然后呢]',
  ].flatMap((text) => readPack(text, 'pack.yaml').pack ?? []),
);

const heard = (text: string, confidence = 0.95, dialect = 'en-gb', phraseId: string | undefined = text) => ({
  alternatives: [{ phraseId, text, dialect, confidence }],
});
const said = (text: string, dialect = 'en-gb'): RecognitionResult => ({
  alternatives: [{ phraseId: undefined, text, dialect, confidence: 0.9 }],
});

function policy(
  kind: ExpectedSpeech['kind'],
  phrases: readonly string[] = [],
  more: Partial<ExpectedSpeech> = {},
) {
  const expected = { kind, phrases: phrases.map((text) => ({ text })), interim: true, ...more };
  return new EndpointPolicy(expected, 1, packs);
}

/** A line without noise to speak of. */
const clearDb = 45;

const after = (of: EndpointPolicy, result: RecognitionResult | undefined, settled = true, voicedMs = 600) =>
  of.silenceMs({ heard: result, settled, voicedMs, clearDb });

t.test(
  'a whole phrase ends at once, the beginning of a longer one waits longer than a pause inside it',
  async (t) => {
    const menu = policy('closed', ['Pay', 'pay my bill', 'opening hours', 'payment']);
    const complete = after(menu, heard('opening hours'));
    t.ok(complete >= 200 && complete <= 300);
    t.ok(after(menu, heard('pay')) > 250 + 100, 'a pause of 250 ms, and 100 ms in which words fade');
    t.equal(after(menu, heard('pay my bill')), complete);
    t.equal(after(menu, heard('payment')), complete, 'pay is no beginning of payment');
    t.ok(after(menu, heard('opening hours', 0.6)) > 350, 'what is not sure may be part of something else');
  },
);

t.test('an engine of open speech is understood by its words', async (t) => {
  const menu = policy('closed', ['pay', 'pay my bill', 'opening hours']);
  t.equal(after(menu, said('Opening hours.')), after(menu, heard('opening hours')));
  t.ok(after(menu, said('pay')) > 350);
  t.ok(after(menu, said('opening')) > 350);
});

t.test('nothing that fits waits longest: words may be missing', async (t) => {
  const menu = policy('closed', ['opening hours']);
  t.ok(after(menu, undefined) > after(menu, heard('opening hours', 0.6)));
  t.equal(after(menu, { alternatives: [] }), after(menu, undefined));
  t.equal(after(menu, heard('opening hours'), false), after(menu, undefined), 'what is stale says nothing');
});

t.test('after a cough the wait is short, but it may have been the first word of a phrase', async (t) => {
  const menu = policy('closed', ['opening hours']);
  const silenceMs = after(menu, { alternatives: [] }, true, 160);
  t.ok(silenceMs < after(menu, { alternatives: [] }));
  t.ok(silenceMs > 350);
});

t.test(
  'in noise a pause seems longer, and the beginning of a phrase is sooner taken for the whole',
  async (t) => {
    const menu = policy('closed', ['pay', 'pay my bill', 'opening hours']);
    const inNoise = (result: RecognitionResult, db: number, voicedMs = 600) =>
      menu.silenceMs({ heard: result, settled: true, voicedMs, clearDb: db });
    const onQuietLine = after(menu, heard('pay'));
    t.ok(inNoise(heard('pay'), 30) > onQuietLine);
    t.ok(inNoise(heard('pay'), 22) > inNoise(heard('pay'), 30));
    t.equal(inNoise(heard('pay'), -Infinity), onQuietLine + 100, 'there is a limit to it');
    t.ok(inNoise({ alternatives: [] }, 22, 160) > after(menu, { alternatives: [] }, true, 160));
    t.equal(
      inNoise(heard('opening hours'), 22),
      after(menu, heard('opening hours')),
      'who is sure waits no longer',
    );
    t.ok(inNoise(heard('opening hours', 0.8), 22) > after(menu, heard('opening hours', 0.8)));
  },
);

t.test('Han writing has no spaces: 交费 is the beginning of 交费记录', async (t) => {
  const menu = policy('closed', ['交费', '交费记录', '报修']);
  t.ok(after(menu, heard('交费', 0.95, 'cmn')) > 350);
  t.ok(after(menu, heard('报修', 0.95, 'cmn')) < 300);
});

t.test('an engine that says nothing before the end gets one wait for all', async (t) => {
  t.equal(after(policy('closed', ['pay'], { interim: false }), undefined), endpointSilences.unknown);
});

t.test('open speech waits longer, by its last word', async (t) => {
  const open = policy('open');
  const usual = after(open, said('I have a problem with my bill'));
  t.ok(usual > 500);
  t.ok(after(open, said('could you look at my bill please')) < usual);
  t.ok(after(open, said('I have a problem because')) > usual);
  t.ok(after(open, said('我的电费是不是多收了吗', 'cmn')) < usual);
  t.ok(after(open, said('我先交了电费然后', 'cmn')) > usual);
  t.equal(after(open, said('could you look at my bill please'), false), usual, 'more may have come since');
});

t.test('a sentence that has only begun is waited for, in syllables, not in spaces', async (t) => {
  const open = policy('open');
  t.ok(after(open, said('I want')) > after(open, said('I want to pay my bill')));
  t.ok(after(open, said('我要', 'cmn')) > after(open, said('我要交上个月的电费', 'cmn')));
});

t.test('digits wait until there are enough, and no longer when there are all', async (t) => {
  const digits = policy('digits', [], { minDigits: 4, maxDigits: 8 });
  const few = after(digits, said('one two'));
  const enough = after(digits, said('one two three four'));
  const all = after(digits, said('12345678'));
  t.ok(few > enough && enough > all);
  t.ok(all <= 300);
  t.equal(after(digits, said('幺二三', 'cmn')), few);
  t.equal(after(digits, said('幺二三四', 'cmn')), enough);
  t.equal(after(digits, undefined), few);
});

t.test('addresses wait longest of what is said freely', async (t) => {
  t.ok(
    after(policy('address'), said('12 Nelson Road')) > after(policy('open'), said('12 Nelson Road, London')),
  );
});

t.test('patience makes every wait longer', async (t) => {
  const expected = { kind: 'closed', phrases: [{ text: 'pay' }], interim: true } as const;
  const usual = after(new EndpointPolicy(expected), heard('pay'));
  t.equal(after(new EndpointPolicy(expected, 1.5), heard('pay')), Math.round(usual * 1.5));
});

t.test('an interim result is as good as a final one if it covers all that was said', async (t) => {
  const menu = policy('closed', ['pay', 'pay my bill', 'hours']);
  const isFinal = (result: RecognitionResult, settled = true) =>
    menu.isFinal({ heard: result, settled, voicedMs: 500, clearDb });
  t.equal(isFinal(heard('hours')), true);
  t.equal(isFinal(heard('hours'), false), false);
  t.equal(isFinal(heard('pay')), true);
  t.equal(isFinal({ alternatives: [] }), false, 'a second look may find something');
  const open = policy('open', ['hours']);
  t.equal(open.isFinal({ heard: heard('hours'), settled: true, voicedMs: 500, clearDb }), false);
});
