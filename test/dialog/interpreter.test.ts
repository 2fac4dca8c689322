import { t } from 'tap';
import type { CollectAction, DialogAction } from '../../src/dialog/action.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import type { DialogEvent, TransferOutcome } from '../../src/dialog/event.js';
import { initialState, type DialogState, type DialogStep } from '../../src/dialog/dialog-state.js';
import { step } from '../../src/dialog/interpreter.js';
import { compiled } from './project-file.js';

const call = { callingNumber: '+441632960001', calledNumber: '1001' };

/** A caller with a script: what he hears is kept beside what he does. */
class Talk {
  current: DialogStep;

  constructor(
    private readonly plan: Dialplan,
    dialect?: string,
  ) {
    const state = initialState(plan, dialect === undefined ? call : { ...call, dialect });
    this.current = step(plan, state, { type: 'start' });
  }

  get state(): DialogState {
    return this.current.state;
  }

  get heard(): string {
    return texts(this.current.actions).join(' ');
  }

  get collect(): CollectAction {
    const last = this.current.actions.at(-1);
    if (last?.type !== 'collect') throw new Error(`not asked: ${JSON.stringify(last)}`);
    return last;
  }

  give(event: DialogEvent): this {
    this.current = step(this.plan, this.current.state, event);
    return this;
  }

  press(keys: string): this {
    return this.give({ type: 'input', input: { kind: 'keys', keys } });
  }

  say(phraseId: string): this {
    const input = { kind: 'phrase', phraseId, text: '', dialect: undefined, confidence: 0.9 } as const;
    return this.give({ type: 'input', input });
  }
}

function texts(actions: readonly DialogAction[]): string[] {
  return actions.flatMap((a) => (a.type === 'say' ? a.prompts.map((p) => p.text) : []));
}

const shop = compiled(`
name: shop
dialects: [en-gb]
defaults: { wayOut: main.bye, noInputMs: 4000 }
variables: { kind: nothing }
flows:
  main:
    nodes:
      hello: { type: say, prompt: 'Hello {{kind}}.', bargeIn: none, goto: ask }
      ask:
        type: menu
        prompt: Tea or coffee?
        saveAs: drink
        choices:
          tea: { key: 1, phrases: [tea, a cup of tea], set: { kind: 'hot {{drink}}' }, goto: number }
          coffee: { key: '2', phrases: [coffee], goto: number }
          repeat: { key: '*', goto: again }
        noInput: { retries: 2, reprompts: [Anybody?, Last try.], repeatPrompt: false }
        noMatch: { retries: 1, reprompts: [Pardon?], goto: number }
      number:
        type: digits
        prompt: Which table?
        saveAs: table
        minDigits: 2
        maxDigits: 4
        sensitive: true
        choices: { none: { phrases: [I have none], goto: bye } }
        goto: sort
      sort:
        type: branch
        cases:
          - { if: { variable: table, matches: ['0*', '9?'] }, goto: number }
          - { if: { all: [{ variable: table, equals: '11' }, { not: { variable: drink, in: [tea] } }] }, goto: bye }
        else: copy
      copy: { type: set, variables: { seat: 'seat {{table}}' }, goto: end }
      end: { type: hangup, prompt: ['Table {{table}}, {{seat}}, {{kind}}.', 'Done.'] }
      bye: { type: hangup, prompt: Goodbye. }
`);

t.test('the start says what comes before the first question, and asks it', async (t) => {
  const talk = new Talk(shop);
  t.strictSame(talk.current, {
    state: {
      status: 'collecting',
      node: 'main.ask',
      dialect: 'en-gb',
      autonomy: 'closed',
      autonomies: {},
      variables: {
        kind: 'nothing',
        callingNumber: '+441632960001',
        calledNumber: '1001',
        dialect: 'en-gb',
        autonomy: 'closed',
      },
      sensitive: [],
      fromCaller: ['callingNumber', 'calledNumber'],
      noInputs: 0,
      noMatches: 0,
      pending: null,
      denied: [],
      agenda: [],
    },
    entered: ['main.hello', 'main.ask'],
    actions: [
      {
        type: 'say',
        node: 'main.hello',
        bargeIn: 'none',
        prompts: [{ text: 'Hello nothing.', dialect: 'en-gb', recorded: undefined }],
      },
      {
        type: 'say',
        node: 'main.ask',
        bargeIn: 'speech',
        prompts: [{ text: 'Tea or coffee?', dialect: 'en-gb', recorded: undefined }],
      },
      {
        type: 'collect',
        node: 'main.ask',
        phrases: [
          { id: 'tea', text: 'tea', dialect: 'en-gb' },
          { id: 'tea', text: 'a cup of tea', dialect: 'en-gb' },
          { id: 'coffee', text: 'coffee', dialect: 'en-gb' },
        ],
        keys: { kind: 'choices', choices: ['1', '2', '*'] },
        noInputMs: 4000,
        interDigitTimeoutMs: 3000,
        sensitive: false,
      },
    ],
  });
});

t.test('keys and phrases lead the same way, and are kept in the variable', async (t) => {
  for (const talk of [new Talk(shop).press('1'), new Talk(shop).say('tea')]) {
    t.strictSame(talk.current.entered, ['main.number']);
    t.match(talk.state.variables, { drink: 'tea', kind: 'hot tea' }, 'what is set sees the choice');
    t.match(talk.collect, {
      sensitive: true,
      keys: { kind: 'digits', minDigits: 2, maxDigits: 4, termChar: '#' },
      phrases: [{ id: 'none' }],
    });
  }
});

t.test(
  'digits are taken with and without the ending key, and refused when too few or no digits',
  async (t) => {
    const asked = () => new Talk(shop).press('2');
    t.equal(asked().press('77').state.variables['table'], '77');
    t.equal(asked().press('77#').state.variables['table'], '77');
    for (const keys of ['7', '#', '', '77777', '7*7', '7#7']) {
      t.strictSame(asked().press(keys).current.entered, [], `'${keys}' is asked again`);
      t.equal(asked().press(keys).state.noMatches, 1);
    }
    t.equal(asked().say('none').heard, 'Goodbye.');
  },
);

t.test('a sensitive answer is spoken but not shown, also in what was made from it', async (t) => {
  const talk = new Talk(shop).press('1').press('42');
  t.strictSame(talk.state.sensitive, ['table', 'seat']);
  t.match(talk.current.actions, [
    {
      type: 'say',
      prompts: [
        {
          text: 'Table four two, seat 42, hot tea.',
          shownAs: 'Table ***, ***, hot tea.',
        },
        { text: 'Done.' },
      ],
    },
    { type: 'hangup', node: 'main.end' },
  ]);
  t.equal(
    JSON.stringify(talk.current.actions).split('shownAs').length,
    2,
    'what is not sensitive is shown as it is',
  );
  t.equal(talk.state.status, 'ended');
});

t.test('branches take the first case that holds, else the rest', async (t) => {
  t.strictSame(new Talk(shop).press('1').press('012').current.entered, ['main.sort', 'main.number']);
  t.strictSame(new Talk(shop).press('1').press('95').current.entered, ['main.sort', 'main.number']);
  t.strictSame(new Talk(shop).press('2').press('11').current.entered, ['main.sort', 'main.bye']);
  t.strictSame(new Talk(shop).press('1').press('11').current.entered, ['main.sort', 'main.copy', 'main.end']);
});

t.test('silence is asked about with each reprompt in turn, then takes the way out', async (t) => {
  const talk = new Talk(shop);
  t.equal(talk.give({ type: 'noInput' }).heard, 'Anybody?');
  t.equal(talk.give({ type: 'noInput' }).heard, 'Last try.');
  t.equal(talk.state.noInputs, 2);
  t.equal(talk.give({ type: 'noInput' }).heard, 'Goodbye.');
  t.equal(talk.state.status, 'ended');
});

t.test('what fits nothing is counted apart from silence, and repeats the question', async (t) => {
  const talk = new Talk(shop).give({ type: 'noInput' });
  t.equal(talk.give({ type: 'noMatch' }).heard, 'Pardon? Tea or coffee?');
  t.strictSame(
    talk.press('7').current.entered,
    ['main.number'],
    'a key that is no choice is the second noMatch',
  );
  t.match(talk.state, { noInputs: 0, noMatches: 0 }, 'a new node counts anew');
});

t.test('again asks the same once more and forgets the failures', async (t) => {
  const talk = new Talk(shop).give({ type: 'noInput' }).press('*');
  t.strictSame(talk.current.entered, ['main.ask']);
  t.equal(talk.heard, 'Tea or coffee?');
  t.equal(talk.state.noInputs, 0);
});

t.test('events that do not fit the state are answered, and the end stays the end', async (t) => {
  const talk = new Talk(shop);
  const before = talk.state;
  t.equal(talk.give({ type: 'start' }).heard, 'Tea or coffee?', 'a second start asks again');
  t.strictSame(talk.state, before);
  const early = step(shop, initialState(shop, call), { type: 'noInput' });
  t.strictSame(early.entered, ['main.hello', 'main.ask'], 'whatever comes first starts the dialog');
  talk.give({ type: 'hangup' });
  t.strictSame([talk.current.actions, talk.state.status], [[], 'ended']);
  for (const event of [{ type: 'start' }, { type: 'noInput' }] as const) {
    t.strictSame(talk.give(event).current.actions, [{ type: 'hangup', node: 'main.ask' }]);
  }
});

t.test('a state of a dialplan that has changed ends the call instead of failing', async (t) => {
  const gone = { ...new Talk(shop).state, node: 'main.gone' };
  t.match(step(shop, gone, { type: 'noInput' }), {
    state: { status: 'ended' },
    actions: [{ type: 'hangup' }],
  });
  const looping: Dialplan = { ...shop, nodes: { 'main.hello': { type: 'goto', next: 'main.hello' } } };
  const result = step(looping, initialState(looping, call), { type: 'start' });
  t.match(result, { state: { status: 'ended' }, actions: [{ type: 'hangup' }] }, 'a loop is left');
});

const switchboard = compiled(`
name: switchboard
dialects: [en-gb]
defaults: { wayOut: hangup }
variables: { desk: '400' }
flows:
  main:
    nodes:
      ask:
        type: digits
        prompt: Which extension?
        saveAs: extension
        maxDigits: 3
        sensitive: true
        choices:
          sales: { phrases: sales, set: { desk: '401' }, goto: desk }
        goto: note
      note: { type: set, variables: { wanted: '9{{extension}}' }, goto: dialled }
      dialled: { type: transfer, prompt: One moment., to: '{{wanted}}', goto: ask, busy: engaged }
      desk: { type: transfer, to: '{{desk}}', by: bridge, ringMs: 5000, failed: engaged }
      engaged: { type: hangup, prompt: Nobody is free. }
`);

t.test('a transfer is said, asked for with what was filled in, and goes on by its outcome', async (t) => {
  const talk = new Talk(switchboard).press('123');
  t.strictSame(talk.current.actions.at(-1), {
    type: 'transfer',
    node: 'main.dialled',
    to: '9123',
    shownAs: '***',
    chosenByCaller: true,
    by: 'auto',
    ringMs: 30_000,
  });
  t.equal(talk.heard, 'One moment.');
  t.equal(talk.state.status, 'transferring');
  const waiting = talk.state;
  for (const type of ['noInput', 'noMatch', 'start'] as const) {
    t.strictSame(step(switchboard, waiting, { type }), { state: waiting, actions: [], entered: [] });
  }
  const after = (outcome: TransferOutcome) =>
    step(switchboard, waiting, { type: 'transferred', outcome }).entered;
  t.strictSame(after('answered'), ['main.ask']);
  t.strictSame(after('busy'), ['main.engaged']);
  t.strictSame(after('noAnswer'), [], 'what is left out goes the way out, which is the end here');
});

t.test(
  "a target that the dialplan chose is the dialplan's, whatever the caller said to choose it",
  async (t) => {
    const talk = new Talk(switchboard).say('sales');
    t.match(talk.current.actions.at(-1), { to: '401', chosenByCaller: false, by: 'bridge', ringMs: 5000 });
    const asked = new Talk(switchboard).state;
    const back = step(switchboard, asked, { type: 'transferred', outcome: 'busy' });
    t.match(
      back.actions,
      [{ type: 'say' }, { type: 'collect' }],
      'a transfer that an operator made: it asks again',
    );
    t.strictSame(back.state, asked);
  },
);

const bilingual = compiled(`
name: bilingual
dialects: [cmn, yue]
defaults: { wayOut: hangup }
flows:
  main:
    nodes:
      which:
        type: menu
        listenIn: [yue, cmn]
        prompt: [{ text: 普通话按1。, dialect: cmn }, { text: 广东话按2。, dialect: yue }]
        choices:
          mandarin: { key: 1, phrases: { cmn: [普通话] }, set: { dialect: cmn }, goto: ask }
          cantonese: { key: 2, phrases: { yue: [广东话] }, set: { dialect: yue }, goto: ask }
      ask:
        type: menu
        prompt: { cmn: '{{callingNumber}}，对吗？', yue: '{{callingNumber | plain}}，啱唔啱？' }
        choices:
          'yes': { key: 1, phrases: { cmn: [对的], yue: [啱嘅] }, goto: from }
          other: { key: 2, phrases: { cmn: [换] , yue: [转] }, goto: from }
      from: { type: set, variables: { dialect: '{{wanted}}', wanted: x }, goto: ask }
`);

t.test('prompts and phrases follow the dialect', async (t) => {
  const talk = new Talk(bilingual);
  t.match(talk.current.actions[0], { prompts: [{ dialect: 'cmn' }, { dialect: 'yue' }] });
  t.strictSame(
    talk.collect.phrases.map((p) => p.dialect),
    ['cmn', 'yue'],
    'both are heard before the choice',
  );
  talk.say('cantonese');
  t.equal(talk.state.dialect, 'yue');
  t.equal(talk.state.variables['dialect'], 'yue');
  t.equal(talk.heard, '+441632960001，啱唔啱？');
  t.strictSame(talk.collect.phrases, [
    { id: 'yes', text: '啱嘅', dialect: 'yue' },
    { id: 'other', text: '转', dialect: 'yue' },
  ]);
  talk.press('1');
  t.equal(talk.state.dialect, 'yue', 'a dialect from a variable that is none is not taken');
  t.equal(new Talk(bilingual).say('mandarin').heard, '四 四 一 六，三 二 九 六，零 零 零 一，对吗？');
});

t.test('a call begins in the dialect it was given, or in the nearest that the dialplan speaks', async (t) => {
  t.equal(new Talk(bilingual, 'yue').state.dialect, 'yue');
  t.equal(new Talk(bilingual, 'cmn-sichuan').state.dialect, 'cmn');
  t.equal(new Talk(bilingual, 'wuu').state.dialect, 'cmn');
  t.equal(new Talk(bilingual, 'en-gb').state.dialect, 'cmn');
});
