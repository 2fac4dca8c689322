import { speechError } from '../../errors.js';
import { soundModelOf } from './languages.js';
import type { PhrasebookReply, PhrasebookRequest, SoundRefusal, TaughtSound } from './protocol.js';

interface Pending {
  readonly resolve: (refusal: SoundRefusal | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** What the phrasebook was taught, and its worker with it. Owned by the recognizer. */
export class TaughtSounds {
  readonly #sounds = new Map<string, TaughtSound>();
  /** Ids by the phrase's text and dialect. */
  readonly #byPhrase = new Map<string, string[]>();
  readonly #pending = new Map<string, Pending>();

  constructor(private readonly post: (message: PhrasebookRequest) => void) {}

  /** Resolves when the worker knows it, or with why it cannot be used; then nothing of it is kept. */
  async teach(sound: TaughtSound): Promise<SoundRefusal | undefined> {
    this.unteach(sound.id);
    this.#keep(sound);
    let refusal: SoundRefusal | undefined;
    try {
      refusal = await new Promise<SoundRefusal | undefined>((resolve, reject) => {
        this.#pending.set(sound.id, { resolve, reject });
        this.#send(sound);
      });
    } catch (error) {
      this.unteach(sound.id);
      throw error;
    }
    if (refusal !== undefined) this.unteach(sound.id);
    return refusal;
  }

  /** Safe for an id that nobody knows. */
  unteach(id: string): void {
    if (!this.#sounds.delete(id)) return;
    for (const ids of this.#byPhrase.values()) {
      const at = ids.indexOf(id);
      if (at >= 0) ids.splice(at, 1);
    }
    this.post({ type: 'unteach', id });
  }

  /** Ids of what means the same as a phrase. */
  of(text: string, dialect: string): readonly string[] {
    return this.#byPhrase.get(nameOf(text, dialect)) ?? [];
  }

  /** Whether somebody waits for the worker. */
  get isTeaching(): boolean {
    return this.#pending.size > 0;
  }

  /** A new worker knows nothing. */
  workerStarted(): void {
    for (const sound of this.#sounds.values()) if (!this.#pending.has(sound.id)) this.#send(sound);
  }

  workerGone(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  answered({ id, refusal, failure }: Extract<PhrasebookReply, { type: 'taught' }>): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (failure === undefined) pending?.resolve(refusal);
    else pending?.reject(speechError('SPEECH_ENGINE_FAILED', { engine: 'phrasebook', reason: failure }));
  }

  #keep(sound: TaughtSound): void {
    this.#sounds.set(sound.id, sound);
    for (const { text, dialect } of sound.phrases) {
      const name = nameOf(text, dialect);
      this.#byPhrase.set(name, [...(this.#byPhrase.get(name) ?? []), sound.id]);
    }
  }

  #send({ id, dialect, samples }: TaughtSound): void {
    this.post({ type: 'teach', id, model: soundModelOf(dialect), samples });
  }
}

function nameOf(text: string, dialect: string): string {
  return JSON.stringify([dialect, text]);
}
