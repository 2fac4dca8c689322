import t from 'tap';
import { Readiness, type ReadinessOptions } from '../../src/call/readiness.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { readTurnPacks } from '../../src/turn-packs.js';
import { dialplanOf, FakeRecognizer } from './fakes.js';

const plan = dialplanOf(`
name: one
dialects: [en-gb]
defaults:
  noInputMs: 5000
  retries: 1
  noInput: { reprompts: [{ en-gb: Still there? }] }
  noMatch: { reprompts: [{ en-gb: Pardon? }] }
  wayOut: main.bye
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: { en-gb: Shall we? }
        choices:
          'yes': { key: 1, phrases: { en-gb: [let's go] }, goto: bye }
      bye: { type: hangup, prompt: { en-gb: Goodbye. } }
`);

/** What is made, in order; each waits until it is let go on. */
class Maker {
  readonly made: string[] = [];
  readonly recognizer = new FakeRecognizer();
  #goOn: (() => void) | undefined;
  holds = false;

  readonly options: ReadinessOptions = {
    recognizer: Object.assign(this.recognizer, {
      prepare: (phrases: readonly { readonly text: string }[]) =>
        this.#make(phrases.map(({ text }) => text).join('/')),
    }),
    makeReady: ({ text }) => this.#make(text),
    house: () => [{ text: 'One moment.', dialect: 'en-gb' }],
    houseMade: async () => this.#make('(fillers)'),
    readPacks: readTurnPacks,
    logger: silentLogger,
  };

  async #make(text: string): Promise<void> {
    this.made.push(text);
    if (this.holds) await new Promise<void>((resolve) => (this.#goOn = resolve));
  }

  goOn(): void {
    this.#goOn?.();
  }
}

t.test('the first question, then the house and the wishes, then the rest', async (t) => {
  const maker = new Maker();
  const readiness = new Readiness(maker.options);
  t.equal(readiness.left, 0);
  readiness.begin([plan]);
  t.ok(readiness.left > 0);
  t.equal(readiness.packs, undefined, 'a call would wait for phrases that nobody has read');
  await readiness.ready;
  const wishes = maker.made.filter((text) => /louder/.test(text));
  t.equal(wishes.length, 1);
  t.same(
    maker.made.map((text) => (wishes.includes(text) ? '(wishes)' : text)),
    ['Shall we?', "let's go", 'One moment.', '(fillers)', '(wishes)', 'Still there?', 'Pardon?', 'Goodbye.'],
  );
  t.ok(readiness.packs);
  t.equal(readiness.left, 0);
});

t.test('a failure costs one sentence its head start, and is logged without its words', async (t) => {
  const warnings: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (fields, message) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
  };
  const spoken: string[] = [];
  const readiness = new Readiness({
    makeReady: ({ text }) => {
      spoken.push(text);
      return spoken.length === 1 ? Promise.reject(new Error('once')) : Promise.resolve();
    },
    understand: () => Promise.reject(new Error('no model')),
    logger,
  });
  readiness.begin([plan]);
  await readiness.ready;
  t.same(spoken, ['Shall we?', 'Still there?', 'Pardon?', 'Goodbye.']);
  t.equal(warnings.length, 2);
  t.notMatch(warnings.join(), /Shall we/);
  t.equal(readiness.left, 0);
});

t.test('what is begun anew gives up what was under way, and what is closed makes nothing more', async (t) => {
  const maker = new Maker();
  maker.holds = true;
  const readiness = new Readiness(maker.options);
  readiness.begin([plan]);
  t.same(maker.made, ['Shall we?']);
  const first = readiness.ready;
  readiness.begin([plan]);
  t.same(maker.made, ['Shall we?', 'Shall we?']);
  maker.holds = false;
  maker.goOn();
  readiness.close();
  readiness.close();
  await readiness.ready;
  t.equal(readiness.left, 0);
  readiness.begin([plan]);
  t.same(maker.made, ['Shall we?', 'Shall we?']);
  void first;
});

t.test('without engines there is nothing to make ready', async (t) => {
  const readiness = new Readiness({ logger: silentLogger });
  readiness.begin([plan]);
  await readiness.ready;
  t.equal(readiness.left, 0);
});
