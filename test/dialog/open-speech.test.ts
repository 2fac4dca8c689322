import { t } from 'tap';
import type { CollectAction } from '../../src/dialog/action.js';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import { initialState, type DialogCall, type DialogStep } from '../../src/dialog/dialog-state.js';
import type { DialogEvent, Meaning } from '../../src/dialog/event.js';
import { step } from '../../src/dialog/interpreter.js';
import { compiled } from './project-file.js';

const bills = `
name: bills
dialects: [en-gb, cmn]
intents:
  set: hotline
  confirm: { en-gb: 'You would like to {{wish}}?', cmn: '您要{{wish}}？' }
  whichFirst: { en-gb: 'First {{wish}}, or first {{otherWish}}?', cmn: '先{{wish}}还是{{otherWish}}？' }
  next: { en-gb: 'Now {{wish}}.', cmn: '接下来{{wish}}。' }
answers:
  'yes': { key: 7, phrases: { en-gb: [that is right] } }
  'no': { key: 8, phrases: { en-gb: [that is wrong] } }
defaults: { retries: 2, wayOut: main.bye }
prompts:
  bye: { en-gb: Goodbye., cmn: 再见。 }
everywhere:
  person: { reply: person, key: 0, goto: main.person }
  outage: { intent: report-outage, label: { en-gb: report an outage, cmn: 报停电 }, goto: outage }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: { en-gb: Press 1 or 2., cmn: 按1或2。 }
        openPrompt: { en-gb: How can I help?, cmn: 什么事？ }
        saveAs: topic
        choices:
          pay: { key: 1, intent: pay-bill, label: { en-gb: pay a bill, cmn: 交费 }, goto: pay }
          hours: { key: 2, intent: opening-hours, label: { en-gb: hear our hours, cmn: 问时间 }, goto: hours }
      hours: { type: say, prompt: { en-gb: We are open., cmn: 开着。 }, goto: more }
      more: { type: agenda, else: bye }
      person: { type: hangup, prompt: bye }
      bye: { type: hangup, prompt: bye }
  pay:
    nodes:
      amount:
        type: ask
        slot: amount
        prompt: { en-gb: How much?, cmn: 多少钱？ }
        saveAs: amount
        min: 1
        max: 500
        confirm: always
        confirmPrompt: { en-gb: '{{amount}} pounds?', cmn: '{{amount}}元？' }
        goto: when
      when:
        type: ask
        slot: date
        prompt: { en-gb: When?, cmn: 哪天？ }
        saveAs: day
        sensitive: true
        confirmPrompt: { en-gb: '{{day}}?', cmn: '{{day}}？' }
        goto: paid
      paid: { type: say, prompt: { en-gb: '{{amount}} on {{day}}.', cmn: '{{day}}{{amount}}元。' }, goto: main.more }
  outage:
    nodes:
      noted: { type: say, prompt: { en-gb: It is noted., cmn: 记下了。 }, goto: main.more }
`;
const plan = compiled(bills);

/** A call in which somebody speaks freely. */
class Talk {
  current: DialogStep;

  constructor(changes: Partial<DialogCall> = { autonomies: { 'en-gb': 'open', cmn: 'open' } }) {
    const call = { callingNumber: '100', calledNumber: '200', ...changes };
    this.current = step(plan, initialState(plan, call), { type: 'start' });
  }

  means(meaning: Meaning, text = 'so'): this {
    return this.does({
      type: 'input',
      input: { kind: 'speech', text, dialect: undefined, confidence: 0.9, meaning },
    });
  }

  wants(ids: readonly string[], sure = true): this {
    return this.means({ type: 'choices', ids, sure });
  }

  answers(reply: Extract<Meaning, { type: 'reply' }>['reply']): this {
    return this.means({ type: 'reply', reply });
  }

  gives(value: string, { sure = true, others = [] as string[], text = 'so' } = {}): this {
    return this.means({ type: 'value', value, sure, others }, text);
  }

  keys(keys: string): this {
    return this.does({ type: 'input', input: { kind: 'keys', keys } });
  }

  does(event: DialogEvent): this {
    this.current = step(plan, this.current.state, event);
    return this;
  }

  get said(): string {
    return this.current.actions
      .flatMap((action) => (action.type === 'say' ? action.prompts.map(({ text }) => text) : []))
      .join(' ');
  }

  get collect(): CollectAction {
    const last = this.current.actions.at(-1);
    if (last?.type !== 'collect') throw new Error('nothing is asked');
    return last;
  }
}

t.test('who may speak freely is asked openly, once; who may not hears the keys', async (t) => {
  const free = new Talk();
  t.equal(free.said, 'How can I help?');
  t.equal(free.does({ type: 'noMatch' }).said, 'Press 1 or 2.');
  const closed = new Talk({});
  t.equal(closed.said, 'Press 1 or 2.');
  t.equal(closed.collect.speech, undefined);
  t.equal(new Talk({ autonomies: { 'en-gb': 'keys' } }).said, 'Press 1 or 2.');
});

t.test('a question says what open speech can mean to it', async (t) => {
  t.match(new Talk().collect.speech, {
    set: 'hotline',
    intents: [
      { intent: 'pay-bill', id: 'pay', own: true },
      { intent: 'opening-hours', id: 'hours', own: true },
      { intent: 'report-outage', id: 'outage', own: false },
    ],
    replies: [{ reply: 'person', id: 'person' }],
    spoken: ['en-gb', 'cmn'],
  });
  t.match(new Talk().wants(['pay']).collect.speech, { slot: { type: 'amount', min: 1, max: 500 } });
});

t.test(
  'a wish that is not sure is asked back by its name; yes begins it, by words, key or phrase',
  async (t) => {
    for (const yes of [
      (talk: Talk) => talk.answers('yes'),
      (talk: Talk) => talk.keys('7'),
      (talk: Talk) => talk.wants(['pay']),
      (talk: Talk) => {
        const [phrase] = talk.collect.phrases;
        const { id = '', text = '' } = phrase ?? {};
        return talk.does({
          type: 'input',
          input: { kind: 'phrase', phraseId: id, text, dialect: 'en-gb', confidence: 1 },
        });
      },
    ]) {
      const talk = new Talk().wants(['pay'], false);
      t.equal(talk.said, 'You would like to pay a bill?');
      t.strictSame(talk.current.entered, []);
      t.strictSame(yes(talk).current.entered, ['pay.amount']);
      t.equal(talk.current.state.variables['topic'], 'pay');
    }
  },
);

t.test('no leads to the question again, and the same is not asked back twice', async (t) => {
  const talk = new Talk().wants(['pay'], false).answers('no');
  t.equal(talk.said, 'Press 1 or 2.');
  t.notOk(talk.collect.speech?.intents.some(({ id }) => id === 'pay'));
  t.strictSame(new Talk().wants(['pay'], false).wants(['hours']).current.entered, [
    'main.hours',
    'main.more',
    'main.bye',
  ]);
  const wrong = new Talk();
  for (let guess = 0; guess < 3; guess += 1) wrong.wants(['pay'], false).keys('8');
  t.strictSame(wrong.current.entered, ['main.bye'], 'three wrong guesses are enough');
});

t.test('what is asked back is repeated, and given up like any question', async (t) => {
  const talk = new Talk().wants(['pay'], false);
  t.equal(talk.does({ type: 'noInput' }).said, 'You would like to pay a bill?');
  t.equal(talk.does({ type: 'noMatch' }).said, 'You would like to pay a bill?');
  talk.does({ type: 'noInput' }).does({ type: 'noInput' });
  t.equal(talk.current.state.status, 'ended');
});

t.test('two wishes: which first, and the other after it', async (t) => {
  const talk = new Talk().wants(['pay', 'outage']);
  t.equal(talk.said, 'First pay a bill, or first report an outage?');
  t.equal(talk.wants(['outage']).said, 'It is noted. Now pay a bill. How much?');
  t.strictSame(talk.current.entered, ['outage.noted', 'main.more', 'pay.amount']);
  t.equal(talk.current.state.variables['topic'], 'pay');
  t.strictSame(new Talk().wants(['pay', 'outage']).keys('2').current.entered[0], 'outage.noted');
  const silent = new Talk().wants(['hours', 'outage']).does({ type: 'noInput' });
  t.strictSame(silent.current.entered, ['main.hours', 'main.more', 'outage.noted', 'main.more', 'main.bye']);
});

t.test(
  'a value is read back, corrected in the same breath, and kept with the words that gave it',
  async (t) => {
    const talk = new Talk().wants(['pay']).gives('120', { text: 'a hundred and twenty' });
    t.equal(talk.said, '120 pounds?');
    t.equal(talk.collect.speech?.confirming?.value, '120');
    t.equal(talk.gives('130', { text: 'no, a hundred and thirty' }).said, '130 pounds?');
    t.equal(talk.gives('130').said, 'When?', 'said again it is a yes');
    t.match(talk.current.state.variables, { amount: '130', amountSaid: 'no, a hundred and thirty' });
    t.ok(talk.current.state.fromCaller.includes('amount'));
  },
);

t.test('of a value that can be two, the other is offered after a no', async (t) => {
  const talk = new Talk().wants(['pay']).gives('50').answers('yes');
  t.equal(talk.gives('11-24', { sure: false, others: ['12-24'] }).said, '24 November?');
  t.equal(talk.answers('no').said, '24 December?');
  t.equal(talk.answers('no').said, 'When?', 'and then it is asked again');
  t.equal(talk.current.state.variables['day'], '');
  t.strictSame(talk.gives('tomorrow').current.entered, ['pay.paid', 'main.more', 'main.bye']);
  t.equal(talk.said, '50 on tomorrow. Goodbye.');
  const shown = talk.current.actions.flatMap((action) =>
    action.type === 'say' ? action.prompts.map(({ shownAs }) => shownAs) : [],
  );
  t.equal(shown[0], '50 on ***.', 'a sensitive value is not shown');
});

t.test('values by keys: the star is the point, dates are month and day', async (t) => {
  const talk = new Talk().wants(['pay']).keys('12*50#');
  t.equal(talk.said, '12.5 pounds?');
  t.equal(talk.keys('7').keys('1301').said, 'When?', 'there is no month 13');
  t.match(talk.keys('1124').said, /12.5 on 24 November/);
  t.equal(new Talk().wants(['pay']).keys('501#').said, 'How much?', 'more than is taken');
  t.equal(new Talk().wants(['pay']).keys('*#').said, 'How much?');
});

t.test('control words: a person, slower, another language, stop', async (t) => {
  t.strictSame(new Talk().wants(['pay']).answers('person').current.entered, ['main.person']);
  const slow = new Talk().answers('slower');
  t.equal(slow.said, 'How can I help?');
  t.match(slow.current.actions, [{ prompts: [{ rate: 0.85 }] }]);
  t.equal(slow.current.state.noMatches, 0);
  t.equal(new Talk().answers('language').said, '什么事？', 'of two languages the other one');
  t.equal(new Talk().wants(['pay']).means({ type: 'language', dialect: 'cmn-sichuan' }).said, '多少钱？');
  t.equal(new Talk().means({ type: 'language', dialect: 'de-de' }).current.state.noMatches, 1);
  const stopped = new Talk().answers('stop-calling');
  t.equal(stopped.current.state.variables['stopCalling'], 'yes');
  t.equal(stopped.current.state.status, 'ended');
});

t.test('of a caller who is hardly heard every answer is read back', async (t) => {
  const talk = new Talk({ autonomies: { 'en-gb': 'confirm' } });
  t.equal(talk.wants(['pay']).said, 'You would like to pay a bill?');
  t.equal(talk.answers('yes').gives('20').answers('yes').gives('tomorrow').said, 'tomorrow?');
  const chosen = new Talk({ autonomies: { 'en-gb': 'confirm' } });
  t.strictSame(chosen.keys('1').current.entered, ['pay.amount'], 'but keys are sure');
});

t.test('what is wrong with it is told with its place', async (t) => {
  const problems = (from: string, to: string, sets?: ReadonlyMap<string, ReadonlySet<string>>) => {
    const result = compileDialplan(bills.replace(from, to), 'x.yaml', sets && { intentSets: sets });
    return (result.ok ? result.warnings : result.problems).map(({ message }) => message).join('\n');
  };
  const sets = new Map([['hotline', new Set(['pay-bill', 'opening-hours', 'report-outage'])]]);
  t.equal(problems('', '', sets), '');
  t.match(
    problems('set: hotline', 'set: hotlin', sets),
    /no set of intents 'hotlin'; did you mean 'hotline'/,
  );
  t.match(
    problems('intent: pay-bill', 'intent: pay-bil', sets),
    /has no intent 'pay-bil'; did you mean 'pay-bill'/,
  );
  t.match(problems('opening-hours', 'pay-bill'), /'pay-bill' already stands for 'pay'/);
  t.match(
    problems("confirmPrompt: { en-gb: '{{amount}} pounds?', cmn: '{{amount}}元？' }", ''),
    /write what is asked back/,
  );
  t.match(problems('slot: date', 'slot: date\n        min: 3'), /a date has no min/);
  t.match(
    problems('label: { en-gb: pay a bill, cmn: 交费 }, ', ''),
    /nobody can be asked whether he means 'pay'/,
  );
  t.match(problems('key: 8', 'key: 7'), /key 7 stands for yes and for no/);
  t.match(problems('en-gb: pay a bill, cmn', 'cmn'), /this prompt has no words for en-gb/);
  t.match(problems('min: 1\n', 'min: 600\n'), /min is more than max/);
});
