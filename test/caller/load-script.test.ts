import t from 'tap';
import { parseScript } from '../../src/caller/load-script.js';

const FILE = '/scripts/smoke.yaml';

function problemsOf(text: string): string {
  try {
    parseScript(text, FILE);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

t.test('a script is read with its defaults filled in', async (t) => {
  const script = parseScript(
    `dialect: cmn
steps:
  - expectAnswer
  - expect: { phrases: [您好, { text: welcome, dialect: en-gb, audio: w.wav }], withinMs: 4000 }
  - press: "1#"
  - press: { keys: "2", via: info, toneMs: 200 }
  - say: { text: 查询电费, voice: +f3 }
  - play: hello.wav
  - bargeIn: { afterMs: 300, press: "3" }
  - expect: silence
  - expect: { silence: { forMs: 400 } }
  - expect: speech
  - wait: 250
  - hold
  - resume
  - expectHangup: { withinMs: 2000 }
`,
    FILE,
  );
  t.equal(script.name, 'smoke');
  t.same(
    script.steps.map(({ kind, line }) => [kind, line]),
    [
      ['expectAnswer', 3],
      ['expectPhrase', 4],
      ['press', 5],
      ['press', 6],
      ['say', 7],
      ['play', 8],
      ['bargeIn', 9],
      ['expectSilence', 10],
      ['expectSilence', 11],
      ['expectSpeech', 12],
      ['wait', 13],
      ['hold', 14],
      ['resume', 15],
      ['expectHangup', 16],
    ],
  );
  t.match(script.steps[1], {
    withinMs: 4000,
    phrases: [
      { text: '您好', dialect: 'cmn' },
      { text: 'welcome', dialect: 'en-gb', audio: '/scripts/w.wav' },
    ],
  });
  t.match(script.steps[2], { keys: '1#', via: 'rfc4733', toneMs: 100 });
  t.match(script.steps[3], { keys: '2', via: 'info', toneMs: 200 });
  t.match(script.steps[5], { file: '/scripts/hello.wav' });
  t.match(script.steps[6], { afterMs: 300, input: { kind: 'press', keys: '3' } });
  t.match(script.steps[8], { forMs: 400, withinMs: 10_000 });
});

t.test('what is wrong is named with file, line and what to write instead', async (t) => {
  const cases: [name: string, yaml: string, message: RegExp][] = [
    [
      'an unknown step',
      'steps:\n  - hangup\n  - speak: hi\n',
      /smoke\.yaml:3: step 2: unknown 'speak'; .*say/,
    ],
    [
      'an unknown word',
      'steps:\n  - hang up\n',
      /smoke\.yaml:2: step 1: write one of: expectAnswer, .*hangup/,
    ],
    [
      'keys without quotes',
      'steps:\n  - press: 1\n',
      /smoke\.yaml:2: step 1 press: write it in quotes, e\.g\. "1"/,
    ],
    ['a key that is none', 'steps:\n  - press: "1x"\n', /smoke\.yaml:2: step 1 press: keys are 0-9/],
    [
      'two words in a step',
      'steps:\n  - wait: 5\n    say: hi\n',
      /smoke\.yaml:2: step 1: one step has one word/,
    ],
    [
      'nothing to expect',
      'steps:\n  - expect: { withinMs: 5 }\n',
      /:2: step 1 expect: write exactly one of: phrases/,
    ],
    [
      'a barge-in with nothing',
      'steps:\n  - bargeIn: { afterMs: 5 }\n',
      /:2: step 1 bargeIn: write exactly one of: press, say, play/,
    ],
    [
      'a misspelt setting',
      'steps:\n  - expect:\n      phrases: [a]\n      within: 5\n',
      /smoke\.yaml:4: step 1 expect: unknown 'within'; write one of: phrases, speech, silence, withinMs/,
    ],
    ['a missing setting', 'steps:\n  - bargeIn: { say: hi }\n', /:2: step 1 bargeIn: 'afterMs' is missing/],
    ['no steps', 'name: x\n', /smoke\.yaml:1: 'steps' is missing/],
    ['no YAML', 'steps: [\n', /smoke\.yaml:\d+: not YAML/],
    ['an unknown offer', 'offer: late\nsteps: [hangup]\n', /smoke\.yaml:1: offer: write one of: sdp, none/],
    ['a list', '- hangup\n', /smoke\.yaml:1: must be object/],
  ];
  for (const [name, yaml, message] of cases) t.match(problemsOf(yaml), message, name);
});

t.test('every problem of a script is told at once', async (t) => {
  const problems = problemsOf('steps:\n  - press: 1\n  - wait: -5\n  - sing: la\n').split('\n');
  t.match(problems, [/:2: /, /:3: /, /:4: /]);
});
