import t from 'tap';
import { LossConcealer } from '../../src/audio/plc.js';
import { peak, rms } from '../../src/audio/pcm.js';

/** A voiced sound: harmonics of 125 Hz, level changing slowly. */
function voice(length: number, hz = 125): Int16Array {
  const out = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    const phase = (2 * Math.PI * hz * i) / 8000;
    const level = 3000 * (1 + 0.3 * Math.sin((2 * Math.PI * 2 * i) / 8000));
    out[i] = Math.round(
      level * (Math.sin(phase) + 0.6 * Math.sin(2 * phase + 1) + 0.4 * Math.sin(5 * phase + 2)),
    );
  }
  return out;
}

/** Plays `sound` in frames of 20 ms; those that `isLost` names are concealed. */
function play(sound: Int16Array, isLost: (frame: number) => boolean): Int16Array {
  const concealer = new LossConcealer();
  const out = sound.slice();
  for (let frame = 0; frame * 160 + 160 <= sound.length; frame++) {
    const piece = out.subarray(frame * 160, frame * 160 + 160);
    if (isLost(frame)) concealer.conceal(piece);
    else concealer.received(piece);
  }
  return out;
}

function snrDb(wanted: Int16Array, got: Int16Array, from = 0, to = wanted.length): number {
  let signal = 0;
  let noise = 0;
  for (let i = from; i < to; i++) {
    signal += (wanted[i] as number) ** 2;
    noise += ((wanted[i] as number) - (got[i] as number)) ** 2;
  }
  return 10 * Math.log10(signal / Math.max(1, noise));
}

t.test('what comes without loss is left as it is', (t) => {
  const sound = voice(8000);
  t.same(
    play(sound, () => false),
    sound,
  );
  t.end();
});

t.test('a lost frame of a voice is filled with what was probably there', (t) => {
  const sound = voice(8000);
  for (const hz of [80, 125, 190]) {
    const spoken = voice(8000, hz);
    const heard = play(spoken, (frame) => frame === 20);
    const db = snrDb(spoken, heard, 3200, 3360);
    t.comment(`${hz} Hz: ${db.toFixed(1)} dB within the lost frame (silence: 0)`);
    t.ok(db > 10, `at ${hz} Hz the concealed frame is like the lost one: ${db.toFixed(1)} dB`);
  }
  const heard = play(sound, (frame) => frame === 20);
  t.same(heard.subarray(0, 3200), sound.subarray(0, 3200));
  t.same(heard.subarray(3440), sound.subarray(3440), 'and after at most 10 ms all is as it came');
  t.end();
});

t.test('one frame in twenty lost at random: better than silence by more than 6 dB', (t) => {
  const sound = voice(80_000);
  let seed = 7;
  const lost = Array.from(
    { length: 500 },
    () => ((seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) >> 16) % 20 === 0,
  );
  const concealed = snrDb(
    sound,
    play(sound, (frame) => lost[frame] === true),
  );
  const silenced = sound.map((sample, i) => (lost[Math.floor(i / 160)] === true ? 0 : sample));
  const silence = snrDb(sound, silenced);
  t.comment(`concealed ${concealed.toFixed(1)} dB, silence ${silence.toFixed(1)} dB`);
  t.ok(concealed > silence + 6);
  t.end();
});

t.test('a long loss fades to silence within 60 ms and stays silent', (t) => {
  const sound = voice(8000);
  const heard = play(sound, (frame) => frame >= 20 && frame < 40);
  const level = (fromMs: number): number => rms(heard.subarray(3200 + fromMs * 8, 3200 + (fromMs + 10) * 8));
  t.ok(level(0) > 0.7 * rms(sound.subarray(3120, 3200)), 'the first 10 ms are as loud as before');
  t.ok(level(20) < level(0) && level(40) < 0.6 * level(0), 'then it becomes quieter');
  t.equal(peak(heard.subarray(3200 + 480, 6400)), 0, 'from 60 ms on there is nothing');
  t.end();
});

t.test('there is no click where a loss begins or ends', (t) => {
  const sound = voice(16_000);
  const steepest = (samples: Int16Array): number => {
    let most = 0;
    for (let i = 1; i < samples.length; i++) {
      most = Math.max(most, Math.abs((samples[i] as number) - (samples[i - 1] as number)));
    }
    return most;
  };
  const heard = play(sound, (frame) => frame % 10 === 5 || frame % 17 === 3);
  t.ok(steepest(heard) < 1.6 * steepest(sound), `${steepest(heard)} against ${steepest(sound)}`);
  t.end();
});

t.test('a loss before anything was heard is silence; pieces of any length are taken', (t) => {
  const concealer = new LossConcealer();
  const piece = new Int16Array(160).fill(5);
  concealer.conceal(piece);
  t.equal(peak(piece), 0);
  const sound = voice(4000);
  concealer.received(sound.subarray(0, 1000));
  const parts = [7, 80, 33, 200].map((length) => new Int16Array(length));
  for (const part of parts) concealer.conceal(part);
  t.ok(peak(parts[0] as Int16Array) > 0);
  t.notOk(concealer.hasFaded);
  concealer.conceal(new Int16Array(480));
  t.ok(concealer.hasFaded);
  t.end();
});
