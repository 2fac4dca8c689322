import { t } from 'tap';
import { checkSound, type SoundExaminer } from '../../src/quality/sound-check.js';

/** A sound is its length here: an examiner that finds the taught one again by that, within `slack` samples. */
class LengthExaminer implements SoundExaminer {
  readonly #taught = new Map<string, number>();

  constructor(
    private readonly options: {
      readonly slack?: number;
      readonly unusable?: 'short' | 'long';
      /** How long a phrase sounds. */
      readonly lengths?: Readonly<Record<string, number>>;
    } = {},
  ) {}

  async teach({ id, samples }: { id: string; samples: Int16Array }): Promise<'short' | 'long' | undefined> {
    if (this.options.unusable === undefined) this.#taught.set(id, samples.length);
    return Promise.resolve(this.options.unusable);
  }

  async hear(phrases: readonly { id: string; text: string }[], samples: Int16Array) {
    const { slack = 0, lengths = {} } = this.options;
    // The first sample tells halves put together in the wrong order.
    const taught = [...this.#taught].find(([, length]) => Math.abs(samples.length - length) <= slack);
    if (taught !== undefined && samples[0] !== 7)
      return Promise.resolve({ phraseId: 'bill', taught: taught[0] });
    const said = phrases.find(({ text }) => lengths[text] === samples.length);
    return Promise.resolve(said && { phraseId: said.id, taught: undefined });
  }

  say(text: string) {
    const { lengths = {} } = this.options;
    return Promise.resolve(new Int16Array(lengths[text] ?? 100));
  }
}

const menu = [
  { id: 'bill', text: '查询电费', dialect: 'cmn' },
  { id: 'outage', text: '停电报修', dialect: 'cmn' },
];
const lengths = { 查询电费: 500, 停电报修: 600 };
const samples = new Int16Array(1000);
samples[500] = 7;
const candidate = {
  id: 'taught-1',
  dialect: 'wuu',
  phrases: [{ text: '查询电费', dialect: 'cmn' }],
  samples,
};
const everyday = () => Array.from({ length: 24 }, (_, i) => `随便说说${i}`);
const check = (examiner: SoundExaminer) => checkSound(examiner, [menu], everyday, candidate);

t.test('a sound that is found again, and nothing else by it, may be taught', async (t) => {
  t.strictSame(await check(new LengthExaminer({ lengths })), { phrases: 4, everyday: 24 });
});

t.test('one that makes no template is refused with what is wrong with it', async (t) => {
  t.match(await check(new LengthExaminer({ lengths, unusable: 'short' })), /too short or too quiet/);
  t.match(await check(new LengthExaminer({ lengths, unusable: 'long' })), /longer than 6 s/);
});

t.test('one whose parts are taken for the whole is refused', async (t) => {
  t.match(
    await check(new LengthExaminer({ lengths, slack: 500 })),
    /a part of the recording is taken for the whole/,
  );
});

t.test('one that takes the phrase of another choice is refused, by name', async (t) => {
  const near = new LengthExaminer({ lengths: { ...lengths, 停电报修: 990 }, slack: 20 });
  t.match(await check(near), /the phrases "停电报修" would now be taken for it/);
});

t.test('one that everyday sentences are taken for is refused', async (t) => {
  const alarms = Object.fromEntries(
    everyday()
      .slice(0, 3)
      .map((text) => [text, 1005]),
  );
  const near = new LengthExaminer({ lengths: { ...lengths, ...alarms }, slack: 20 });
  t.match(await check(near), /3 of 24 everyday sentences would be taken for it: "随便说说0"/);
});

t.test('one that its own menu goes before is refused', async (t) => {
  const deaf: SoundExaminer = {
    teach: () => Promise.resolve(undefined),
    hear: () => Promise.resolve(undefined),
    say: () => Promise.resolve(undefined),
  };
  t.match(await check(deaf), /not found again/);
});
