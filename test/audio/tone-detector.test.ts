import t from 'tap';
import { BeepDetector, type Beep } from '../../src/audio/beep-detector.js';
import { goertzel } from '../../src/audio/goertzel.js';
import { concatSamples, fromDb, mixInto, scale } from '../../src/audio/pcm.js';
import { dtmfFrequenciesHz, tone } from '../../src/audio/tone.js';
import { ToneDetector } from '../../src/audio/tone-detector.js';
import { overG711 } from './over-g711.js';

const sampleRateHz = 8000;

/** Always the same noise: a test that fails must fail again. */
function noise(durationMs: number, levelDb: number, seed = 1): Int16Array {
  let state = seed;
  const amplitude = 32767 * fromDb(levelDb) * Math.sqrt(3);
  return Int16Array.from({ length: durationMs * 8 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.round((state / 0x40000000 - 1) * amplitude);
  });
}

function sine(frequenciesHz: readonly number[], durationMs: number, levelDb = -15): Int16Array {
  return tone({ frequenciesHz, durationMs, sampleRateHz, levelDb });
}

function silence(durationMs: number): Int16Array {
  return new Int16Array(durationMs * 8);
}

function withNoise(samples: Int16Array, levelDb: number): Int16Array {
  const out = samples.slice();
  mixInto(out, noise(samples.length / 8, levelDb));
  return out;
}

/** Vowels as a voice makes them: pulses of a gliding pitch through two resonances, syllable by syllable. */
function voice(durationMs: number, pitchHz: number): Int16Array {
  const out = new Float64Array(durationMs * 8);
  const formants = [
    [700, 1200],
    [300, 2300],
    [400, 800],
    [500, 1700],
  ];
  const memory = [0, 0, 0, 0];
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const syllable = Math.floor(i / 1600) % formants.length;
    const within = (i % 1600) / 1600;
    phase += (pitchHz * (1 + 0.25 * Math.sin((2 * Math.PI * i) / 9000))) / sampleRateHz;
    let sample = 0;
    if (phase >= 1) {
      phase -= 1;
      sample = 1;
    }
    for (const [n, hz] of (formants[syllable] ?? []).entries()) {
      const radius = Math.exp((-Math.PI * 90) / sampleRateHz);
      const [one = 0, two = 0] = [memory[2 * n], memory[2 * n + 1]];
      const next =
        sample + 2 * radius * Math.cos((2 * Math.PI * hz) / sampleRateHz) * one - radius * radius * two;
      memory[2 * n + 1] = one;
      memory[2 * n] = next;
      sample = next;
    }
    out[i] = sample * Math.sin(Math.PI * within);
  }
  const top = out.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return Int16Array.from(out, (sample) => Math.round((sample / top) * 12000));
}

/** At which milliseconds the detector said yes. */
function detections(samples: Int16Array, detector: ToneDetector): number[] {
  const at: number[] = [];
  for (let from = 0; from + 160 <= samples.length; from += 160) {
    if (detector.push(samples.subarray(from, from + 160))) at.push((from + 160) / 8);
  }
  return at;
}

function beeps(samples: Int16Array): (Beep & { atMs: number })[] {
  const detector = new BeepDetector();
  const found: (Beep & { atMs: number })[] = [];
  for (let from = 0; from + 160 <= samples.length; from += 160) {
    const beep = detector.push(samples.subarray(from, from + 160));
    if (beep !== undefined) found.push({ ...beep, atMs: (from + 160) / 8 });
  }
  return found;
}

t.test('the energy at a frequency is the square of its amplitude, and none elsewhere', async (t) => {
  const samples = tone({ frequenciesHz: [1000], durationMs: 20, sampleRateHz, levelDb: -6, fadeMs: 0 });
  const amplitude = 32767 * fromDb(-6);
  t.ok(Math.abs(goertzel(samples, 1000, sampleRateHz) / amplitude ** 2 - 1) < 0.01);
  t.ok(goertzel(samples, 2000, sampleRateHz) / amplitude ** 2 < 0.001);
});

t.test(
  'a fax that calls is heard once for each of its tones, within 140 ms, over both laws of G.711',
  async (t) => {
    // CNG of T.30: 1100 Hz for half a second, every three seconds.
    const line = concatSamples([
      silence(1000),
      sine([1100], 500),
      silence(3000),
      sine([1100], 500),
      silence(500),
    ]);
    for (const law of ['PCMU', 'PCMA'] as const) {
      const heard = detections(
        overG711(withNoise(line, -45), law),
        new ToneDetector({ frequenciesHz: [1100], sampleRateHz }),
      );
      t.equal(heard.length, 2, law);
      t.ok((heard[0] as number) > 1000 && (heard[0] as number) <= 1140, `at ${heard[0]} ms`);
    }
  },
);

t.test('a tone of several frequencies is heard only when all of them sound', async (t) => {
  const busy = { frequenciesHz: [480, 620], sampleRateHz };
  t.equal(detections(overG711(sine([480, 620], 500), 'PCMU'), new ToneDetector(busy)).length, 1);
  t.strictSame(detections(sine([480], 500), new ToneDetector(busy)), []);
  t.strictSame(detections(sine([620], 500), new ToneDetector(busy)), []);
});

t.test('neither a voice, noise, keys nor a tone beside it is the tone that is waited for', async (t) => {
  const sounds = {
    man: voice(10_000, 110),
    woman: voice(10_000, 220),
    noise: noise(5000, -20),
    key: sine(dtmfFrequenciesHz('3') ?? [], 1000),
    beside: sine([1250], 1000),
  };
  for (const [name, samples] of Object.entries(sounds)) {
    for (const frequenciesHz of [[1100], [2100], [480, 620]]) {
      const detector = new ToneDetector({ frequenciesHz, sampleRateHz });
      t.strictSame(
        detections(overG711(samples, 'PCMU'), detector),
        [],
        `${name} at ${frequenciesHz.join('+')}`,
      );
    }
  }
});

t.test('a lost packet in the middle of a tone does not make two of it', async (t) => {
  const samples = sine([2100], 1000);
  samples.fill(0, 3200, 3360);
  t.equal(detections(samples, new ToneDetector({ frequenciesHz: [2100], sampleRateHz })).length, 1);
});

t.test(
  'the beep of a machine is heard within 240 ms whatever its pitch, once, in a noisy line over G.711',
  async (t) => {
    for (const hz of [425, 500, 853, 1000, 1400, 2000, 2387]) {
      for (const law of ['PCMU', 'PCMA'] as const) {
        const greeting = voice(3000, 130);
        const line = concatSamples([greeting, silence(300), sine([hz], 600, -14), silence(1500)]);
        const found = beeps(overG711(withNoise(line, -38), law));
        t.equal(found.length, 1, `${hz} Hz over ${law}`);
        t.ok(Math.abs((found[0]?.frequencyHz ?? 0) - hz) < 15, `heard as ${found[0]?.frequencyHz}`);
        t.ok((found[0]?.atMs ?? 0) > 3300 && (found[0]?.atMs ?? 0) <= 3540, `at ${found[0]?.atMs} ms`);
      }
    }
  },
);

t.test('a beep that is as quiet as -32 dB is heard, one as short as 60 ms is not', async (t) => {
  t.equal(beeps(overG711(concatSamples([silence(200), sine([1000], 500, -32)]), 'PCMU')).length, 1);
  t.strictSame(beeps(concatSamples([silence(200), sine([1000], 60), silence(400)])), []);
});

t.test('neither voices, noise, keys, two tones nor a gliding one is a beep', async (t) => {
  const glide = Int16Array.from({ length: 16_000 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * (500 + i / 40) * i) / sampleRateHz)),
  );
  const sounds: Record<string, Int16Array> = {
    noise: noise(10_000, -20),
    glide,
    'two tones': sine([697, 1209], 1000),
    'far apart': sine([350, 1000], 1000),
    silence: silence(2000),
  };
  for (const pitchHz of [90, 110, 140, 180, 220, 280])
    sounds[`voice of ${pitchHz} Hz`] = voice(8000, pitchHz);
  for (const digit of '0159#') sounds[`key ${digit}`] = sine(dtmfFrequenciesHz(digit) ?? [], 600);
  for (const [name, samples] of Object.entries(sounds)) {
    for (const law of ['PCMU', 'PCMA'] as const)
      t.strictSame(beeps(overG711(samples, law)), [], `${name}, ${law}`);
  }
  // The generator is a voice at all: it is as loud as the beeps above.
  const loud = voice(1000, 110);
  scale(loud, 1);
  t.ok(loud.some((sample) => Math.abs(sample) > 8000));
});
