/*
 * The engine behind the reference server: it speaks in tones, one for each half byte of the text, and understands its own
 * kind, over a telephone line too. An engine for people has another `speak` and `hear`.
 */

const symbolMs = 40;
const toneHz = (symbol: number): number => 500 + symbol * 125;
/** After the 16 half bytes: the one before once more, so that two alike can be told apart. */
const again = 16;

/** Mono samples of the text, 80 ms a byte at rate 1. */
export function speak(text: string, sampleRateHz: number, rate = 1): Int16Array {
  const halves = [...Buffer.from(text)].flatMap((byte) => [byte >> 4, byte & 15]);
  const symbolSamples = Math.round((sampleRateHz * symbolMs) / rate / 1000);
  const samples = new Int16Array(halves.length * symbolSamples);
  for (let i = 0, last = -1; i < halves.length; i++) {
    last = halves[i] === last ? again : (halves[i] ?? 0);
    const step = (2 * Math.PI * toneHz(last)) / sampleRateHz;
    for (let n = 0; n < symbolSamples; n++) samples[i * symbolSamples + n] = 8000 * Math.sin(step * n);
  }
  return samples;
}

/** The text of what {@link speak} said at rate 1 or slower, as far as it was heard. */
export function hear(samples: Int16Array, sampleRateHz: number): string {
  const hop = sampleRateHz / 100;
  const halves: number[] = [];
  for (let at = 0, last = -1, run = 0, told = -1; at + 2 * hop <= samples.length; at += hop) {
    const symbol = loudest(samples.subarray(at, at + 2 * hop), sampleRateHz);
    run = symbol === last ? run + 1 : 1;
    last = symbol;
    // No symbol follows itself: one that comes back had a lost packet in it.
    if (run !== 2 || symbol < 0 || symbol === told) continue;
    told = symbol;
    halves.push(symbol === again ? (halves.at(-1) ?? 0) : symbol);
  }
  return Buffer.from(halves.map((half) => half.toString(16)).join(''), 'hex').toString();
}

/** The tone that has most of the window's power, or -1. */
function loudest(window: Int16Array, sampleRateHz: number): number {
  const power = window.reduce((sum, sample) => sum + sample * sample, 0);
  if (power < window.length * 10_000) return -1;
  for (let symbol = 0; symbol <= again; symbol++) {
    const step = (2 * Math.PI * toneHz(symbol)) / sampleRateHz;
    const real = window.reduce((sum, sample, n) => sum + sample * Math.cos(step * n), 0);
    const imaginary = window.reduce((sum, sample, n) => sum + sample * Math.sin(step * n), 0);
    if (real * real + imaginary * imaginary > 0.3 * window.length * power) return symbol;
  }
  return -1;
}
