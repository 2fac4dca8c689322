import type { LearnedIntents } from './intent-model.js';

/** What the examples of a set taught, for each family of languages (`sinitic`, `en`), and of which sources. */
export interface LearnedFile {
  /** Of every source that was learned from: a model of other sources counts for nothing. */
  readonly digest: string;
  readonly families: ReadonlyMap<string, LearnedIntents>;
}

interface Header {
  readonly digest: string;
  readonly families: readonly {
    readonly family: string;
    readonly intents: readonly string[];
    readonly features: number;
    readonly scale: number;
    readonly bias: readonly number[];
  }[];
}

/**
 * Length of the header (32 bits, little-endian), the header (JSON), then for each family the differences of its hashes
 * (32 bits each), its rarities and its weights (a byte each).
 */
export function learnedBytes({ digest, families }: LearnedFile): Uint8Array {
  const header: Header = {
    digest,
    families: [...families].map(([family, { intents, hashes, linear }]) => ({
      family,
      intents,
      features: hashes.length,
      scale: linear.scale,
      bias: linear.bias,
    })),
  };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length, true);
  const parts: Uint8Array[] = [length, head];
  for (const { hashes, rarity, linear } of families.values()) {
    const steps = new Uint8Array(hashes.length * 4);
    const view = new DataView(steps.buffer);
    hashes.forEach((hash, at) => {
      view.setUint32(at * 4, hash - (hashes[at - 1] ?? 0), true);
    });
    parts.push(steps, rarity, Uint8Array.from(linear.steps));
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Undefined for bytes of something else, or of half a file. */
export function readLearned(bytes: Uint8Array): LearnedFile | undefined {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = view.getUint32(0, true);
    const header = JSON.parse(Buffer.from(bytes.subarray(4, 4 + length)).toString()) as Header;
    let at = 4 + length;
    const families = header.families.map(({ family, intents, features, scale, bias }) => {
      const hashes = new Uint32Array(features);
      for (let i = 0; i < features; i += 1)
        hashes[i] = (hashes[i - 1] ?? 0) + view.getUint32(at + i * 4, true);
      at += features * 4;
      const rarity = Uint8Array.from(bytes.subarray(at, at + features));
      at += features;
      const steps = Int8Array.from(bytes.subarray(at, at + features * intents.length));
      at += features * intents.length;
      const linear = { classes: intents.length, scale, bias, steps };
      return [family, { intents, hashes, rarity, linear }] as const;
    });
    return at === bytes.length ? { digest: header.digest, families: new Map(families) } : undefined;
  } catch {
    return undefined;
  }
}
