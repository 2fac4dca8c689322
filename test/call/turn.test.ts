import t from 'tap';
import { Turn, type TurnAction } from '../../src/call/turn.js';
import type { BargeIn, CollectAction, KeyGrammar } from '../../src/dialog/action.js';
import type { Meaning } from '../../src/dialog/event.js';
import type { RecognitionResult } from '../../src/speech/recognizer.js';

const menu: KeyGrammar = { kind: 'choices', choices: ['1', '2', '12'] };
const digits: KeyGrammar = { kind: 'digits', minDigits: 2, maxDigits: 4, termChar: '#' };

function collect(keys: KeyGrammar | undefined, phrases = true): CollectAction {
  return {
    type: 'collect',
    node: 'main.ask',
    phrases: phrases ? [{ id: 'hours', text: 'opening hours', dialect: 'en-gb' }] : [],
    keys,
    noInputMs: 5000,
    interDigitTimeoutMs: 2000,
    sensitive: false,
  };
}

function turnAt0(keys: KeyGrammar | undefined, bargeIn: BargeIn = 'speech', hasPrompts = true): Turn {
  return new Turn(collect(keys), bargeIn, hasPrompts, 0);
}

const answer = (actions: readonly TurnAction[]) => actions.find((action) => action.type === 'answer');

t.test('a key that completes a choice ends the turn and cuts the prompts first', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'key', key: '2' }, 10), [
    { type: 'cutPrompts', by: 'key' },
    { type: 'answer', event: { type: 'input', input: { kind: 'keys', keys: '2' } }, bargedIn: true },
  ]);
  t.ok(turn.answered);
  t.equal(turn.deadlineMs, undefined);
  t.same(
    turn.handle({ type: 'key', key: '1' }, 11),
    [],
    'what comes after the answer belongs to the next turn',
  );
});

t.test('a choice that another begins with waits for the inter-digit time', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'key', key: '1' }, 100), [{ type: 'cutPrompts', by: 'key' }]);
  t.equal(turn.deadlineMs, 2100);
  t.same(turn.handle({ type: 'tick' }, 2099), []);
  t.match(answer(turn.handle({ type: 'tick' }, 2100)), { event: { input: { keys: '1' } } });
});

t.test('the longer choice wins when its keys come in time', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'key', key: '1' }, 100);
  t.match(answer(turn.handle({ type: 'key', key: '2' }, 900)), { event: { input: { keys: '12' } } });
});

t.test('a key that fits no choice is a noMatch', async (t) => {
  t.match(answer(turnAt0(menu).handle({ type: 'key', key: '9' }, 1)), { event: { type: 'noMatch' } });
});

t.test('digits end at their greatest length, at termChar, or at rest', async (t) => {
  const full = turnAt0(digits);
  for (const key of '123') t.equal(answer(full.handle({ type: 'key', key }, 1)), undefined);
  t.match(answer(full.handle({ type: 'key', key: '4' }, 2)), { event: { input: { keys: '1234' } } });

  const ended = turnAt0(digits);
  for (const key of '12') ended.handle({ type: 'key', key }, 1);
  t.match(answer(ended.handle({ type: 'key', key: '#' }, 2)), { event: { input: { keys: '12' } } });

  const rested = turnAt0(digits);
  for (const key of '123') rested.handle({ type: 'key', key }, 1);
  t.match(answer(rested.handle({ type: 'tick' }, 2001)), { event: { input: { keys: '123' } } });
});

t.test('too few digits at termChar or at rest are a noMatch', async (t) => {
  const ended = turnAt0(digits);
  ended.handle({ type: 'key', key: '1' }, 1);
  t.match(answer(ended.handle({ type: 'key', key: '#' }, 2)), { event: { type: 'noMatch' } });
  const rested = turnAt0(digits);
  rested.handle({ type: 'key', key: '1' }, 1);
  t.match(answer(rested.handle({ type: 'tick' }, 2001)), { event: { type: 'noMatch' } });
});

t.test('noInput counts from the end of the prompts', async (t) => {
  const turn = turnAt0(menu);
  t.equal(turn.deadlineMs, undefined, 'while the bot speaks nobody is late');
  turn.handle({ type: 'promptsEnded' }, 3000);
  t.equal(turn.deadlineMs, 8000);
  t.match(answer(turn.handle({ type: 'tick' }, 8000)), { event: { type: 'noInput' } });
});

t.test('without prompts noInput counts from the beginning', async (t) => {
  t.equal(turnAt0(menu, 'speech', false).deadlineMs, 5000);
});

t.test('speech cuts the prompts, is recognized, and answers with its phrase', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'speechStarted' }, 500), [{ type: 'pausePrompts', by: 'speech' }]);
  t.same(turn.handle({ type: 'speechEnded', voicedMs: 600 }, 1500), [{ type: 'finishRecognizer' }]);
  const result = {
    alternatives: [{ phraseId: 'hours', text: 'opening hours', dialect: 'en-gb', confidence: 0.9 }],
  };
  t.same(turn.handle({ type: 'recognized', result }, 1510), [
    {
      type: 'answer',
      event: {
        type: 'input',
        input: {
          kind: 'phrase',
          phraseId: 'hours',
          text: 'opening hours',
          dialect: 'en-gb',
          confidence: 0.9,
        },
      },
      bargedIn: true,
    },
  ]);
});

const hours: RecognitionResult = {
  alternatives: [{ phraseId: 'hours', text: 'opening hours', dialect: 'en-gb', confidence: 0.9 }],
};
const nothing: RecognitionResult = { alternatives: [] };
const words = (text: string): RecognitionResult => ({
  alternatives: [{ phraseId: undefined, text, dialect: 'en-gb', confidence: 0.9 }],
});
const uhHuh: RecognitionResult = {
  alternatives: [{ phraseId: '#backchannel', text: 'uh-huh', dialect: 'en-gb', confidence: 0.9 }],
};

/** The caller says something from `atMs` on; what comes of it. */
function says(turn: Turn, atMs: number, voicedMs: number, result: RecognitionResult): TurnAction[] {
  return [
    ...turn.handle({ type: 'speechStarted' }, atMs),
    ...turn.handle({ type: 'speechEnded', voicedMs }, atMs + voicedMs),
    ...turn.handle({ type: 'recognized', result }, atMs + voicedMs),
  ];
}

t.test('what is said in a prompt that speech may not interrupt counts when the prompt is over', async (t) => {
  for (const bargeIn of ['none', 'key'] as const) {
    const turn = turnAt0(menu, bargeIn);
    t.same(says(turn, 500, 400, hours), [{ type: 'finishRecognizer' }], 'heard, but the prompt goes on');
    t.notOk(turn.answered);
    t.match(answer(turn.handle({ type: 'promptsEnded' }, 3000)), { event: { input: { phraseId: 'hours' } } });
  }
});

t.test('it counts as well when a prompt begins that may be interrupted', async (t) => {
  const turn = turnAt0(menu, 'none');
  says(turn, 500, 400, hours);
  t.same(turn.handle({ type: 'promptStarted', bargeIn: 'key' }, 2000), []);
  t.match(answer(turn.handle({ type: 'promptStarted', bargeIn: 'phrase' }, 2500)), {
    event: { input: { phraseId: 'hours' } },
  });
});

t.test('a key means the key, also after words that had to wait', async (t) => {
  const turn = turnAt0(menu, 'key');
  says(turn, 500, 400, hours);
  t.match(turn.handle({ type: 'key', key: '2' }, 1500), [
    { type: 'dropRecognizer' },
    { type: 'cutPrompts', by: 'key' },
    { type: 'answer', event: { input: { kind: 'keys', keys: '2' } } },
  ]);
});

t.test('keys count for nothing while a prompt must be heard, and count from the next one on', async (t) => {
  const turn = turnAt0(menu, 'none');
  t.same(turn.handle({ type: 'key', key: '2' }, 5), []);
  turn.handle({ type: 'promptStarted', bargeIn: 'speech' }, 2000);
  t.match(answer(turn.handle({ type: 'key', key: '2' }, 2001)), { event: { input: { keys: '2' } } });
});

t.test('after a cough the prompt goes on, and who speaks then is heard', async (t) => {
  const turn = turnAt0(menu);
  t.same(says(turn, 500, 160, nothing), [
    { type: 'pausePrompts', by: 'speech' },
    { type: 'finishRecognizer' },
    { type: 'resumePrompts' },
  ]);
  t.equal(turn.deadlineMs, undefined, 'the prompt is not over: nobody is late');
  t.match(says(turn, 2000, 600, hours), [
    { type: 'pausePrompts' },
    { type: 'finishRecognizer' },
    { type: 'answer', event: { input: { phraseId: 'hours' } }, bargedIn: true },
  ]);
});

t.test('after a backchannel, and after sound that no engine understands, the prompt goes on', async (t) => {
  for (const result of [uhHuh, nothing]) {
    t.match(says(turnAt0(menu), 500, 500, result).at(-1), { type: 'resumePrompts' });
  }
});

t.test('a short word is no cough', async (t) => {
  t.match(answer(says(turnAt0(menu), 500, 140, hours)), { event: { input: { phraseId: 'hours' } } });
});

t.test('words that fit nothing are a noMatch, and so is a sentence that nobody understood', async (t) => {
  t.match(answer(says(turnAt0(menu), 500, 700, words('purple elephants'))), { event: { type: 'noMatch' } });
  t.match(answer(says(turnAt0(menu), 500, 900, nothing)), { event: { type: 'noMatch' } });
});

t.test('who was told so already hears the prompt to its end: it may be the line', async (t) => {
  const turn = new Turn(collect(menu), 'speech', true, 0, true);
  t.match(says(turn, 500, 900, nothing).at(-1), { type: 'resumePrompts' });
});

t.test('on a noisy line the third noise no longer silences the prompt, words still do', async (t) => {
  const turn = turnAt0(menu);
  says(turn, 500, 300, nothing);
  says(turn, 2000, 300, nothing);
  t.same(says(turn, 4000, 300, nothing), [{ type: 'finishRecognizer' }]);
  turn.handle({ type: 'speechStarted' }, 6000);
  t.equal(turn.needsInterim, true);
  t.same(turn.handle({ type: 'interim', result: hours }, 6500), [{ type: 'pausePrompts', by: 'speech' }]);
});

t.test('with barge-in by phrase the prompt goes on until what is heard fits the question', async (t) => {
  const turn = turnAt0(menu, 'phrase');
  t.same(turn.handle({ type: 'speechStarted' }, 500), []);
  t.same(turn.handle({ type: 'interim', result: words('well I') }, 700), []);
  t.same(turn.handle({ type: 'interim', result: hours }, 1200), [{ type: 'pausePrompts', by: 'speech' }]);
  turn.handle({ type: 'speechEnded', voicedMs: 600 }, 1400);
  t.match(turn.handle({ type: 'recognized', result: hours }, 1410), [{ type: 'answer', bargedIn: true }]);

  const talk = turnAt0(menu, 'phrase');
  t.same(says(talk, 500, 3000, words('not to you, dear')), [{ type: 'finishRecognizer' }]);
  t.notOk(talk.answered, 'what was said to somebody else is no answer');
});

t.test('who began before the question does not silence it until his words fit', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'speechStarted', carried: true }, 0), []);
  turn.handle({ type: 'speechEnded', voicedMs: 600 }, 400);
  t.match(turn.handle({ type: 'recognized', result: hours }, 410), [{ type: 'answer', bargedIn: true }]);
});

t.test('who began before the question and speaks on is not talked over for long', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted', carried: true }, 100);
  t.equal(turn.deadlineMs, 600);
  t.same(turn.handle({ type: 'tick' }, 600), [{ type: 'pausePrompts', by: 'speech' }]);

  const short = turnAt0(menu);
  short.handle({ type: 'speechStarted', carried: true }, 100);
  short.handle({ type: 'speechEnded', voicedMs: 300 }, 400);
  t.equal(short.deadlineMs, 3400, 'only the recognizer is waited for');
});

t.test('what may be the noise of a new line silences nothing until words are heard in it', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'speechStarted', carried: true, doubtful: true }, 40), []);
  t.same(turn.handle({ type: 'tick' }, 2000), [], 'however long it goes on');
  turn.handle({ type: 'speechEnded', voicedMs: 2000 }, 2500);
  t.same(turn.handle({ type: 'recognized', result: nothing }, 2510), []);
  t.same(turn.handle({ type: 'speechStarted' }, 3000), [], 'the noise comes again');
  t.same(turn.handle({ type: 'interim', result: hours }, 3600), [{ type: 'pausePrompts', by: 'speech' }]);

  const caller = turnAt0(menu);
  caller.handle({ type: 'speechStarted', doubtful: true }, 40);
  caller.handle({ type: 'speechEnded', voicedMs: 600 }, 1000);
  t.match(
    caller.handle({ type: 'recognized', result: hours }, 1010),
    [{ type: 'answer', bargedIn: true }],
    'a caller who speaks at once is understood',
  );
});

t.test(
  'sound without words that never ends is waited for eight seconds, then the prompt goes on',
  async (t) => {
    const turn = turnAt0(menu);
    turn.handle({ type: 'speechStarted' }, 1000);
    t.equal(turn.deadlineMs, 9000);
    t.same(turn.handle({ type: 'tick' }, 9000), [{ type: 'finishRecognizer' }]);
    t.same(turn.handle({ type: 'recognized', result: nothing }, 9010), [{ type: 'resumePrompts' }]);
    t.same(turn.handle({ type: 'speechStarted' }, 12_000), [], 'the line is noisy');
  },
);

t.test('whose words are understood is heard to the end', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 1000);
  turn.handle({ type: 'interim', result: words('I would like') }, 2000);
  t.equal(turn.deadlineMs, 22_000);
});

t.test('after the prompt a cough or a backchannel is no answer, and there is time to answer', async (t) => {
  for (const [voicedMs, result] of [
    [160, nothing],
    [500, uhHuh],
  ] as const) {
    const turn = turnAt0(menu);
    turn.handle({ type: 'promptsEnded' }, 1000);
    t.same(says(turn, 5500, voicedMs, result), [{ type: 'finishRecognizer' }]);
    t.equal(turn.deadlineMs, 5500 + voicedMs + 2000);
    t.match(answer(turn.handle({ type: 'tick' }, 8100)), { event: { type: 'noInput' } });
  }
});

t.test('the third noise after the prompt is a noMatch', async (t) => {
  const turn = turnAt0(menu, 'speech', false);
  says(turn, 100, 160, nothing);
  says(turn, 900, 160, nothing);
  t.match(answer(says(turn, 1700, 160, nothing)), { event: { type: 'noMatch' } });
});

t.test('a wish about the voice is told to the dialog as what it means', async (t) => {
  const slower: RecognitionResult = {
    alternatives: [{ phraseId: '#slower', text: 'slow down', dialect: 'en-gb', confidence: 0.9 }],
  };
  t.match(answer(says(turnAt0(menu), 500, 600, slower)), {
    event: { input: { kind: 'speech', text: 'slow down', meaning: { type: 'reply', reply: 'slower' } } },
  });
});

t.test('what is too short, or mostly the bot itself, is no wish: the prompt goes on', async (t) => {
  const louder: RecognitionResult = {
    alternatives: [{ phraseId: '#louder', text: 'louder', dialect: 'en-gb', confidence: 0.9 }],
  };
  const meant = { type: 'reply', reply: 'repeat' } as const;
  const heard = (voicedMs: number, echoMs: number, result = louder, meaning?: Meaning): TurnAction[] => {
    const turn = turnAt0(menu);
    turn.handle({ type: 'speechStarted' }, 500);
    turn.handle({ type: 'speechEnded', voicedMs, echoMs }, 1500);
    return turn.handle({ type: 'recognized', result, ...(meaning !== undefined && { meaning }) }, 1600);
  };
  t.same(heard(160, 0), [{ type: 'resumePrompts' }]);
  t.same(heard(300, 400), [{ type: 'resumePrompts' }]);
  t.same(heard(700, 800), [{ type: 'resumePrompts' }], 'not told that he was not understood, either');
  t.same(heard(160, 0, words('pardon'), meant), [{ type: 'resumePrompts' }]);
  t.match(answer(heard(300, 100)), { event: { input: { meaning: { reply: 'louder' } } } });
  t.match(answer(heard(160, 300, hours)), { event: { type: 'input' } }, 'an answer is no wish');
  const silent = turnAt0(menu);
  silent.handle({ type: 'promptsEnded' }, 1000);
  t.same(says(silent, 1500, 160, louder).slice(1), [], 'there is time to answer still');
  t.equal(silent.answered, false);
});

t.test(
  'a result that fits nothing, and a recognizer that fails, are a noMatch after the prompt',
  async (t) => {
    for (const input of [{ type: 'recognized', result: nothing }, { type: 'recognizerFailed' }] as const) {
      const turn = turnAt0(menu);
      turn.handle({ type: 'promptsEnded' }, 0);
      turn.handle({ type: 'speechStarted' }, 0);
      turn.handle({ type: 'speechEnded', voicedMs: 800 }, 800);
      t.match(answer(turn.handle(input, 900)), { event: { type: 'noMatch' } });
    }
  },
);

t.test('when the recognizer fails in the prompt, the prompt goes on: it tells the keys', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 0);
  t.same(turn.handle({ type: 'recognizerFailed' }, 300), [{ type: 'resumePrompts' }]);
  t.same(turn.handle({ type: 'speechStarted' }, 2000), [], 'and nobody silences it in vain');
});

t.test('a recognizer that never answers costs three seconds, not the call', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 0);
  turn.handle({ type: 'speechEnded', voicedMs: 600 }, 1000);
  t.equal(turn.deadlineMs, 4000);
  t.match(turn.handle({ type: 'tick' }, 4000), [
    { type: 'dropRecognizer' },
    { type: 'answer', event: { type: 'noMatch' } },
  ]);
});

t.test('speech without end (music on hold) is cut off after twenty seconds', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'promptsEnded' }, 0);
  turn.handle({ type: 'speechStarted' }, 0);
  t.equal(turn.deadlineMs, 20_000);
  t.same(turn.handle({ type: 'tick' }, 20_000), [{ type: 'finishRecognizer' }]);
});

t.test('a key while speaking means the key', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 0);
  t.match(turn.handle({ type: 'key', key: '2' }, 300), [
    { type: 'dropRecognizer' },
    { type: 'cutPrompts', by: 'key' },
    { type: 'answer', event: { input: { kind: 'keys', keys: '2' } } },
  ]);
});

t.test('without phrases speech is nothing, without a key grammar keys are nothing', async (t) => {
  const keysOnly = new Turn(collect(menu, false), 'speech', true, 0);
  t.same(keysOnly.handle({ type: 'speechStarted' }, 1), []);
  const speechOnly = new Turn(collect(undefined), 'speech', true, 0);
  t.same(speechOnly.handle({ type: 'key', key: '1' }, 1), []);
});
