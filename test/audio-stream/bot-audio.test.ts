import t from 'tap';
import type { AudioStream } from '../../src/audio-stream/audio-stream.js';
import { BotAudio } from '../../src/audio-stream/bot-audio.js';
import { ManualClock } from '../../src/core/clock.js';
import { TypedEmitter } from '../../src/core/typed-emitter.js';

/** What the media server would see, without a wire. */
class FakeStream extends TypedEmitter<{ mark: [name: string, event: 'playout' | 'cleared']; lost: [] }> {
  sentSamples = 0;
  /** Every sample, in order. */
  readonly sent: number[] = [];
  marks: string[] = [];
  kills = 0;
  send(samples: Int16Array): void {
    this.sentSamples += samples.length;
    this.sent.push(...samples);
  }
  mark(name: string): void {
    this.marks.push(name);
  }
  killAudio(): void {
    this.kills += 1;
  }
  played(): void {
    this.emit('mark', this.marks.at(-1) ?? '', 'playout');
  }
  cleared(): void {
    this.emit('mark', this.marks.at(-1) ?? '', 'cleared');
  }
}

function voice() {
  const clock = new ManualClock();
  const stream = new FakeStream();
  return { clock, stream, bot: new BotAudio(stream as unknown as AudioStream, clock) };
}

async function* chunks(...lengthsMs: number[]): AsyncGenerator<Int16Array> {
  for (const ms of lengthsMs) yield new Int16Array(ms * 8);
}

/** Lets promises that are due run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

t.test('audio is handed over at once, two seconds ahead at most', async (t) => {
  const { clock, stream, bot } = voice();
  bot.speak(chunks(5000));
  await settle();
  t.equal(stream.sentSamples, 2200 * 8, 'two seconds, and the piece that reaches beyond them');
  clock.advance(1000);
  await settle();
  t.equal(stream.sentSamples, 3200 * 8);
});

t.test('a speech is done when the media server has played its mark', async (t) => {
  const { stream, bot } = voice();
  const { finished } = bot.speak(chunks(300, 200));
  await settle();
  t.equal(stream.marks.length, 1);
  stream.played();
  t.equal(await finished, 'done');
});

t.test('a mark that never comes ends the speech a second after its last sample', async (t) => {
  const { clock, stream, bot } = voice();
  let end: string | undefined;
  void bot.speak(chunks(500)).finished.then((how) => (end = how));
  await settle();
  clock.advance(1499);
  await settle();
  t.equal(end, undefined);
  clock.advance(1);
  await settle();
  t.equal(end, 'done');
  t.equal(stream.kills, 0);
});

t.test('a cut silences the line, stops the source and sends nothing more', async (t) => {
  const { clock, stream, bot } = voice();
  let aborted = 0;
  const speech = bot.speak(chunks(3000, 3000), () => (aborted += 1));
  await settle();
  const before = stream.sentSamples;
  speech.cut();
  speech.cut();
  t.equal(await speech.finished, 'cut');
  clock.advance(10_000);
  await settle();
  t.equal(stream.sentSamples, before);
  t.same([stream.kills, aborted], [1, 1]);
  t.equal(clock.pendingTimers, 0);
});

t.test('after a cut the next speech starts without waiting for what was cut', async (t) => {
  const { stream, bot } = voice();
  const first = bot.speak(chunks(1900));
  await settle();
  first.cut();
  await first.finished;
  const before = stream.sentSamples;
  bot.speak(chunks(2000));
  await settle();
  t.equal(stream.sentSamples - before, 2000 * 8);
});

t.test('a source that fails rejects the speech, and the voice goes on', async (t) => {
  const { stream, bot } = voice();
  async function* broken(): AsyncGenerator<Int16Array> {
    yield new Int16Array(80);
    throw new Error('engine died');
  }
  await t.rejects(bot.speak(broken()).finished, /engine died/);
  const { finished } = bot.speak(chunks(20));
  await settle();
  stream.played();
  t.equal(await finished, 'done');
});

t.test('a WebSocket that breaks ends the speech', async (t) => {
  const { clock, stream, bot } = voice();
  const { finished } = bot.speak(chunks(100));
  await settle();
  (stream as unknown as { emit(event: 'lost'): void }).emit('lost');
  t.equal(await finished, 'done');
  t.equal(clock.pendingTimers, 0);
});

/** The line to mod_audio_fork: what a fork keeps until more comes, and a killAudio that strikes late. */
function lateVoice() {
  const clock = new ManualClock();
  const stream = new FakeStream();
  const traits = { heldSamples: 640, lateKill: true };
  return { clock, stream, bot: new BotAudio(stream as unknown as AudioStream, clock, traits) };
}

t.test('the end of a speech is pushed out of a media server that holds samples back', async (t) => {
  const { clock, stream, bot } = lateVoice();
  const { finished } = bot.speak(chunks(300));
  await settle();
  t.equal(stream.sentSamples, 300 * 8);
  t.equal(stream.marks.length, 0, 'the mark comes behind what pushes');
  clock.advance(10);
  await settle();
  t.equal(stream.sentSamples, 300 * 8 + 640);
  stream.played();
  t.equal(await finished, 'done');
  t.equal(clock.pendingTimers, 0);
});

t.test('the first speech of a call is never shorter than the first prebuffer', async (t) => {
  const { clock, stream, bot } = lateVoice();
  bot.speak(chunks(20));
  await settle();
  clock.advance(10);
  await settle();
  t.equal(stream.sentSamples, 1280);
});

t.test('where killAudio takes later audio along, the next speech waits until it has struck', async (t) => {
  const { clock, stream, bot } = lateVoice();
  const first = bot.speak(chunks(1900));
  await settle();
  first.cut();
  await first.finished;
  t.equal(stream.sentSamples, 1900 * 8 + 640, 'what was held back is pushed into what is cleared');
  const before = stream.sentSamples;
  bot.speak(chunks(500));
  await settle();
  t.equal(stream.sentSamples, before);
  stream.cleared();
  await settle();
  t.equal(stream.sentSamples, before + 500 * 8);
  clock.advance(10);
});

t.test('a media server that never says that it cleared delays the next speech by 100 ms', async (t) => {
  const { clock, stream, bot } = lateVoice();
  const first = bot.speak(chunks(1900));
  await settle();
  first.cut();
  const before = stream.sentSamples;
  bot.speak(chunks(500));
  clock.advance(99);
  await settle();
  t.equal(stream.sentSamples, before);
  clock.advance(1);
  await settle();
  t.equal(stream.sentSamples, before + 500 * 8);
});

t.test('a cut after the end kills nothing: the next speech may be on its way', async (t) => {
  const { stream, bot } = voice();
  const speech = bot.speak(chunks(100));
  await settle();
  stream.played();
  await speech.finished;
  speech.cut();
  t.equal(stream.kills, 0);
});

/** Words of 400 ms with pauses of 100 ms between them; each word has a level of its own. */
function sentence(words: number): Int16Array {
  const samples = new Int16Array(words * 4000);
  for (let n = 0; n < samples.length; n++) {
    const word = Math.floor(n / 4000);
    if (n % 4000 < 3200) samples[n] = 1000 * (word + 1) * (n % 2 === 0 ? 1 : -1);
  }
  return samples;
}

async function* of(samples: Int16Array): AsyncGenerator<Int16Array> {
  yield await Promise.resolve(samples);
}

t.test(
  'a speech that pauses is silent at once, and goes on from the word that was interrupted',
  async (t) => {
    const { clock, stream, bot } = voice();
    const speech = bot.speak(of(sentence(6)));
    await settle();
    clock.advance(1200);
    speech.pause();
    speech.pause();
    t.equal(stream.kills, 1);
    clock.advance(5000);
    await settle();
    const before = stream.sent.length;
    t.equal(before, 2200 * 8, 'nothing is sent while it pauses');
    speech.resume();
    speech.resume();
    await settle();
    const again = stream.sent.slice(before);
    t.equal(
      again.find((sample) => sample !== 0),
      3000,
      'the third word was interrupted: it is said whole',
    );
    t.ok(again.findIndex((sample) => sample !== 0) <= 160, 'without a wait');
    stream.played();
    t.equal(await speech.finished, 'done');
    t.equal(stream.sent.at(-4000), 6000, 'and all that follows');
  },
);

t.test('what was paused before anything was heard is said from the beginning', async (t) => {
  const { clock, stream, bot } = voice();
  const speech = bot.speak(of(sentence(2)));
  await settle();
  clock.advance(100);
  speech.pause();
  const before = stream.sent.length;
  speech.resume();
  await settle();
  t.equal(stream.sent.length - before, 8000);
});

t.test('a cut while it pauses ends it, and kills nothing of the next speech', async (t) => {
  const { clock, stream, bot } = voice();
  let aborted = 0;
  const speech = bot.speak(of(sentence(4)), () => (aborted += 1));
  await settle();
  clock.advance(700);
  speech.pause();
  speech.cut();
  speech.resume();
  t.equal(await speech.finished, 'cut');
  t.same([stream.kills, aborted], [1, 1]);
  t.equal(clock.pendingTimers, 0);
});

t.test('the source goes on making while a speech pauses', async (t) => {
  const { stream, bot } = voice();
  let give: (samples: Int16Array) => void = () => undefined;
  async function* slow(): AsyncGenerator<Int16Array> {
    yield await Promise.resolve(new Int16Array(800).fill(1));
    yield await new Promise<Int16Array>((resolve) => (give = resolve));
  }
  const speech = bot.speak(slow());
  await settle();
  speech.pause();
  give(new Int16Array(800).fill(2));
  await settle();
  t.equal(stream.sent.includes(2), false);
  speech.resume();
  await settle();
  t.equal(stream.sent.at(-1), 2);
  stream.played();
  t.equal(await speech.finished, 'done');
});

t.test('after the end a pause does nothing', async (t) => {
  const { stream, bot } = voice();
  const speech = bot.speak(chunks(100));
  await settle();
  stream.played();
  await speech.finished;
  speech.pause();
  t.equal(stream.kills, 0);
});
