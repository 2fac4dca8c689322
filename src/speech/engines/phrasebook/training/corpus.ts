import { writeFileSync } from 'node:fs';

/** Labelled speech as train.py reads it. */
export interface Corpus {
  /** Names of the labels; the first is silence. */
  readonly phones: readonly string[];
  /** Per utterance, melBands per frame. */
  readonly mels: readonly Float32Array[];
  /** Per utterance, one label per frame. */
  readonly labels: readonly Uint8Array[];
}

/**
 * File: a line of JSON {phones, frames, utterances}, then per frame melBands float32, then per frame one uint8 (phone),
 * then per utterance one uint32 (frames).
 */
export function writeCorpus(file: string, { phones, mels, labels }: Corpus): void {
  const frames = labels.reduce((sum, label) => sum + label.length, 0);
  const header = Buffer.from(`${JSON.stringify({ phones, frames, utterances: mels.length })}\n`);
  const floats = mels.map((mel) => Buffer.from(mel.buffer, mel.byteOffset, mel.byteLength));
  const lengths = Uint32Array.from(labels, (label) => label.length);
  writeFileSync(file, Buffer.concat([header, ...floats, ...labels, Buffer.from(lengths.buffer)]));
  process.stderr.write(`${file}: ${mels.length} utterances, ${frames} frames, ${phones.length} phones\n`);
}
