import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import { ChaosCaller } from './chaos-caller.js';
import { houseRecording, voiceOf } from './chaos-set.js';

const silent = new Int16Array(160);
const tick = tone({ frequenciesHz: [700], durationMs: 20, sampleRateHz: 8000, fadeMs: 0 });

/** A caller and the bot, 20 ms at a time. */
class Talk {
  nowMs = 0;
  readonly caller: ChaosCaller;
  readonly deeds: string[] = [];

  constructor() {
    this.caller = new ChaosCaller(0);
  }

  hear(sound: Int16Array | undefined, ms = ((sound?.length ?? 0) * 1000) / 8000): this {
    for (let at = 0; at < ms; at += 20) {
      const packet = sound?.subarray(at * 8, at * 8 + 160);
      this.caller.heard(packet?.length === 160 ? packet : silent, this.nowMs);
      const deed = this.caller.tick(this.nowMs);
      if (deed !== undefined) this.deeds.push(`${deed} at ${this.nowMs}`);
      this.nowMs += 20;
    }
    return this;
  }
}

const question = voiceOf('press one', 8000);

t.test('the silence before the first sound, and after each answer, counts', async (t) => {
  const talk = new Talk().hear(undefined, 700).hear(question).hear(undefined, 400);
  t.equal(talk.caller.maxSilenceMs, 700);
  t.equal(talk.deeds.length, 1);
  t.match(talk.deeds[0], /^speak/);
  talk.caller.acted(talk.nowMs);
  talk.hear(undefined, 1300).hear(question).hear(undefined, 5000);
  t.equal(talk.caller.maxSilenceMs, 1300, 'the time in which he is to speak is none');
  t.match(talk.deeds[1], /^press/);
});

t.test('a click ends no silence, a filler does, and the silence after it counts anew', async (t) => {
  const talk = new Talk().hear(undefined, 800).hear(tick).hear(undefined, 480);
  t.equal(talk.caller.maxSilenceMs, 0, 'it goes on');
  talk.hear(houseRecording('one-moment')).hear(undefined, 900).hear(question);
  t.equal(talk.caller.maxSilenceMs, 1300);
});

t.test('a sentence that breaks off is waited for, and its silence counts', async (t) => {
  const talk = new Talk().hear(voiceOf('to be continued', 8000)).hear(undefined, 1600).hear(question);
  t.equal(talk.caller.maxSilenceMs, 1600);
});

t.test('after what the house says itself, without a mark, a rest is his turn', async (t) => {
  const talk = new Talk().hear(houseRecording('voice-trouble')).hear(undefined, 2000);
  t.equal(talk.deeds.length, 1);
  t.ok(talk.caller.maxSilenceMs <= 20);
});

t.test('a bot that never comes back is hung, with all of its silence', async (t) => {
  const talk = new Talk().hear(undefined, 21_000);
  t.equal(talk.caller.hung, 'no question came to its end');
  t.ok(talk.caller.maxSilenceMs >= 20_000);
});

t.test('a bot that hangs up before he has answered twice did not do its work', async (t) => {
  const talk = new Talk().hear(question);
  talk.caller.ended(talk.nowMs);
  t.equal(talk.caller.hung, 'hung up before the second answer');
});
