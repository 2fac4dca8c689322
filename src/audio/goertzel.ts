/**
 * Energy of `samples` at one frequency, as the square of the amplitude that a sine of that frequency would have there.
 * Hot: allocates nothing. Goertzel's algorithm: one multiplication a sample. The frequency need be no multiple of anything;
 * what lies within the samples' own resolution (rate by length: 50 Hz in 20 ms) is heard with it.
 */
export function goertzel(
  samples: Int16Array | Float64Array,
  frequencyHz: number,
  sampleRateHz: number,
): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / sampleRateHz);
  let [one, two] = [0, 0];
  for (let i = 0; i < samples.length; i++) {
    const next = (samples[i] as number) + coefficient * one - two;
    two = one;
    one = next;
  }
  const power = one * one + two * two - coefficient * one * two;
  return (4 * power) / (samples.length * samples.length);
}
