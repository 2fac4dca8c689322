declare module '@echogarden/espeak-ng-emscripten' {
  export interface EspeakEvent {
    readonly type: 'word' | 'sentence' | 'mark' | 'play' | 'end' | 'phoneme' | 'samplerate';
    /** Milliseconds from the beginning of the sound. */
    readonly audio_position: number;
    readonly id: string | number | undefined;
  }
  export interface EspeakVoice {
    readonly identifier: string;
    readonly languages: readonly { readonly name: string }[];
  }
  export interface EspeakWorker {
    /** 0 when the voice was found; else the voice before stays set. */
    set_voice(name: string): number;
    set_rate(wordsPerMinute: number): number;
    set_pitch(percent: number): number;
    set_range(percent: number): number;
    /** Blocks; the callback is called for each tenth of a second of 22050 Hz sound and stops the rest by returning true. */
    synthesize(ssml: string, callback: (samples: Int16Array, events: EspeakEvent[]) => boolean): void;
    list_voices(): EspeakVoice[];
  }
  export interface EspeakModule {
    readonly eSpeakNGWorker: new () => EspeakWorker;
    /** Emscripten's files in memory; espeak-ng's own lie in `/usr/share/espeak-ng-data`. */
    readonly FS: { writeFile(path: string, text: string): void; unlink(path: string): void };
  }
  export default function init(): Promise<EspeakModule>;
}
