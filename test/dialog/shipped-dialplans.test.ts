import fc from 'fast-check';
import { t } from 'tap';
import type { CollectAction } from '../../src/dialog/action.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import type { DialogEvent, Meaning } from '../../src/dialog/event.js';
import { initialState, type DialogState, type DialogStep } from '../../src/dialog/dialog-state.js';
import { step } from '../../src/dialog/interpreter.js';
import { shippedDialplan } from './project-file.js';

const call = { callingNumber: '+441632960001', calledNumber: '1001' };
const plans = [shippedDialplan('clinic'), shippedDialplan('hotline')];

function asked(current: DialogStep): CollectAction | undefined {
  const last = current.actions.at(-1);
  return last?.type === 'collect' ? last : undefined;
}

/** Everything that a caller can rightly do at a question: each key, each phrase, and digits of the right length. */
function answers(collect: CollectAction): DialogEvent[] {
  const pressed = (keys: string): DialogEvent => ({ type: 'input', input: { kind: 'keys', keys } });
  const keys =
    collect.keys === undefined
      ? []
      : collect.keys.kind === 'choices'
        ? collect.keys.choices.map(pressed)
        : ['04051980', '32051980', '1234567890', '12345678#', '123456#'].map((d) => pressed(d));
  const phrases = collect.phrases.map(({ id, text, dialect }): DialogEvent => ({
    type: 'input',
    input: { kind: 'phrase', phraseId: id, text, dialect, confidence: 0.8 },
  }));
  return [...keys, ...phrases, ...spoken(collect).map(said), { type: 'noInput' }, { type: 'noMatch' }];
}

const said = (meaning: Meaning): DialogEvent => ({
  type: 'input',
  input: { kind: 'speech', text: 'so', dialect: undefined, confidence: 0.8, meaning },
});

const values: Readonly<Record<string, string>> = {
  digits: '1234567890',
  phone: '13800001111',
  amount: '120',
  date: 'tomorrow',
  time: '15:00',
  text: 'so',
};

/** Everything that open speech can mean at a question. */
function spoken({ speech }: CollectAction): Meaning[] {
  if (speech === undefined) return [];
  const ids = [...new Set(speech.intents.map(({ id }) => id))];
  const own = speech.intents.filter((one) => one.own);
  const digits = speech.slot?.type === 'digits' ? '1'.repeat(speech.slot.maxDigits) : undefined;
  return [
    ...ids.map((id): Meaning => ({ type: 'choices', ids: [id], sure: true })),
    // One that is not sure is as good as any.
    ...own.slice(0, 1).map(({ id }): Meaning => ({ type: 'choices', ids: [id], sure: false })),
    ...(speech.slot === undefined
      ? []
      : [
          {
            type: 'value',
            value: digits ?? values[speech.slot.type] ?? '',
            sure: true,
            others: [],
          } as const,
        ]),
    ...[...new Set([...speech.replies.map(({ reply }) => reply), 'yes', 'no', 'stop-calling'] as const)].map(
      (reply): Meaning => ({ type: 'reply', reply }),
    ),
  ];
}

/** States are told apart by all that decides what comes next: place, counters, and the variables that branches look at. */
function keyMaker(plan: Dialplan): (state: DialogState) => string {
  const branches = JSON.stringify(Object.values(plan.nodes).filter((node) => node.type === 'branch'));
  return ({ status, node, dialect, noInputs, noMatches, variables, pending }) => {
    const looked = Object.entries(variables).filter(([name]) => branches.includes(`"variable":"${name}"`));
    return JSON.stringify([status, node, dialect, noInputs, noMatches, looked, pending?.kind]);
  };
}

const seen = new Map<Dialplan, Set<string>>();
const openly = (plan: Dialplan) =>
  Object.fromEntries(plan.dialects.map((dialect) => [dialect, 'open' as const]));

for (const [plan, how] of plans.flatMap((one) => [
  [one, 'phrases'] as const,
  [one, 'open speech'] as const,
])) {
  t.test(
    `${plan.name}: by ${how} every choice of every menu is walked, and each call finds its end`,
    async (t) => {
      const keyOf = keyMaker(plan);
      const caller = how === 'phrases' ? call : { ...call, autonomies: openly(plan) };
      const first = step(plan, initialState(plan, caller), { type: 'start' });
      const visited = new Set(first.entered);
      const parents = new Map<string, Set<string>>();
      const states = new Map<string, DialogState>([[keyOf(first.state), first.state]]);
      const ended = new Set<string>();
      const waiting: DialogStep[] = [first];
      let steps = 0;
      for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
        const collect = asked(from);
        if (collect === undefined) continue;
        for (const event of answers(collect)) {
          const to = step(plan, from.state, event);
          steps += 1;
          for (const node of to.entered) visited.add(node);
          const key = keyOf(to.state);
          parents.set(key, (parents.get(key) ?? new Set()).add(keyOf(from.state)));
          if (to.state.status === 'ended') ended.add(key);
          if (!states.has(key)) {
            states.set(key, to.state);
            waiting.push(to);
          }
        }
      }
      t.ok(steps > 200, `${String(steps)} steps, ${String(states.size)} states`);
      const together = new Set([...visited, ...(seen.get(plan) ?? [])]);
      seen.set(plan, together);
      const all = Object.keys(plan.nodes).filter((name) => !together.has(name));
      // The caller's number is known in this walk; without one the other branch is taken (below).
      if (how === 'open speech') {
        t.strictSame(
          all,
          Object.keys(plan.nodes).filter((name) => name.endsWith('.no-number')),
          'every node is come to, by one or the other',
        );
      }
      const finds = new Set(ended);
      const back = [...ended];
      for (let key = back.pop(); key !== undefined; key = back.pop()) {
        for (const parent of parents.get(key) ?? []) {
          if (!finds.has(parent)) {
            finds.add(parent);
            back.push(parent);
          }
        }
      }
      t.equal(
        [...states.keys()].filter((key) => !finds.has(key)).length,
        0,
        'from everywhere the end can be reached',
      );
    },
  );
}

for (const plan of plans) {
  t.test(`${plan.name}: a caller who never answers, or is never understood, is let go`, async (t) => {
    for (const type of ['noInput', 'noMatch'] as const) {
      let current = step(plan, initialState(plan, { ...call, callingNumber: '' }), { type: 'start' });
      let turns = 0;
      while (current.state.status !== 'ended' && turns < 20) {
        current = step(plan, current.state, { type });
        turns += 1;
      }
      t.equal(current.state.status, 'ended', type);
      t.ok(turns <= 8, `${type}: after ${String(turns)} turns`);
    }
  });

  t.test(`${plan.name}: callers hear their choices within a few seconds`, async (t) => {
    const first = step(plan, initialState(plan, call), { type: 'start' });
    const words = first.actions
      .flatMap((a) => (a.type === 'say' ? a.prompts.map((p) => p.text) : []))
      .join('');
    // About 15 English letters or 4.5 Chinese characters are spoken in a second.
    const seconds = /\p{Script=Han}/u.test(words) ? words.length / 4.5 : words.length / 15;
    t.ok(seconds < 11, `${seconds.toFixed(1)} s until the first menu is told`);
  });
}

// Anything but braces: they show below that a prompt was left unfilled.
const heard = fc.string().map((text) => text.replaceAll(/[{}]/g, ''));

const event: fc.Arbitrary<DialogEvent> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom<DialogEvent>({ type: 'start' }, { type: 'noInput' }, { type: 'noMatch' }),
  },
  { weight: 6, arbitrary: fc.constant<DialogEvent>({ type: 'input', input: { kind: 'keys', keys: '1' } }) },
  {
    weight: 6,
    arbitrary: fc
      .oneof(
        fc.stringMatching(/^[0-9*#]{0,12}$/),
        heard,
        fc.constantFrom('04051980', '1234567890', '12345678'),
      )
      .map((keys): DialogEvent => ({ type: 'input', input: { kind: 'keys', keys } })),
  },
  {
    weight: 6,
    arbitrary: fc
      .oneof(
        fc.record({
          type: fc.constant('choices' as const),
          ids: fc.array(fc.constantFrom('pay', 'bill', 'outage', 'nothing'), { maxLength: 3 }),
          sure: fc.boolean(),
        }),
        fc.record({
          type: fc.constant('value' as const),
          value: fc.oneof(heard, fc.constantFrom('120', 'tomorrow')),
          sure: fc.boolean(),
          others: fc.array(heard, { maxLength: 2 }),
        }),
        fc.record({
          type: fc.constant('reply' as const),
          reply: fc.constantFrom(
            ...(['yes', 'no', 'repeat', 'slower', 'person', 'language', 'stop-calling'] as const),
          ),
        }),
        fc.record({ type: fc.constant('language' as const), dialect: fc.constantFrom('yue', 'cmn', 'tlh') }),
      )
      .map(said),
  },
  {
    weight: 4,
    arbitrary: fc
      .oneof(
        fc.constantFrom(
          ...plans.flatMap((p) =>
            Object.values(p.nodes).flatMap((n) => ('choices' in n ? n.choices.map((c) => c.id) : [])),
          ),
        ),
        fc.string(),
        fc.constantFrom('constructor', '__proto__'),
      )
      .map((phraseId): DialogEvent => ({
        type: 'input',
        input: { kind: 'phrase', phraseId, text: 'x', dialect: undefined, confidence: 0.5 },
      })),
  },
);

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

function invariants(plan: Dialplan, before: DialogState, given: DialogEvent): DialogState {
  const kept = JSON.stringify(before);
  const { state, actions, entered } = step(plan, freeze(before), freeze(given));
  if (JSON.stringify(before) !== kept) throw new Error('the state was changed in place');
  // What the journal gives back decides the same.
  const replayed = step(
    plan,
    JSON.parse(kept) as DialogState,
    JSON.parse(JSON.stringify(given)) as DialogEvent,
  );
  if (JSON.stringify(replayed) !== JSON.stringify({ state, actions, entered }))
    throw new Error('replay differs');
  if (given.type === 'hangup') return state;
  const last = actions.at(-1);
  const ends = actions.filter((a) => a.type !== 'say');
  if (ends.length !== 1 || ends[0] !== last) throw new Error('a step ends with one collect or hangup');
  if ((last?.type === 'hangup') !== (state.status === 'ended'))
    throw new Error('status and actions disagree');
  if (last?.type === 'collect' && last.keys === undefined && last.phrases.length === 0)
    throw new Error('unanswerable');
  if (last?.type === 'collect' && last.node !== state.node) throw new Error('asked elsewhere');
  if (!plan.dialects.includes(state.dialect)) throw new Error('a dialect that is not spoken');
  for (const name of entered) if (plan.nodes[name] === undefined) throw new Error('entered nothing');
  for (const action of actions) {
    if (action.type === 'say' && action.prompts.some((p) => /[{}]/.test(p.text)))
      throw new Error('unfilled prompt');
  }
  return state;
}

t.test('any events in any order: each is answered, purely, and nothing throws', async (t) => {
  t.doesNotThrow(() => {
    fc.assert(
      fc.property(
        fc.constantFrom(...plans),
        fc.array(event, { maxLength: 40 }),
        fc.boolean(),
        (plan, events, hangsUp) => {
          let state = initialState(plan, hangsUp ? call : { ...call, autonomies: openly(plan) });
          for (const given of [...events, ...(hangsUp ? [{ type: 'hangup' } as const] : [])]) {
            state = invariants(plan, state, given);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
