/**
 * What a scripted caller does, step after step. This is the checked form that {@link loadScript} makes of the YAML;
 * every limit is filled in. Times are milliseconds.
 */
export interface CallerScript {
  /** For people; default: the file's name. */
  readonly name: string;
  /** Dialect of sentences that name none; default `en-gb`. */
  readonly dialect: string;
  /** How keys are sent where `press` does not say: `rfc4733` (telephone-event) or `info` (application/dtmf-relay). */
  readonly keys: KeyTransport;
  /** `none`: the INVITE carries no SDP, the answer goes in the ACK (RFC 3261 §13.2.1). Default `sdp`. */
  readonly offer: 'sdp' | 'none';
  /** The whole call is given up after this long; default 120000. */
  readonly limitMs: number;
  readonly steps: readonly ScriptStep[];
}

export type KeyTransport = 'rfc4733' | 'info';

/** A sentence to be spoken or heard. */
export interface Sentence {
  readonly text: string;
  readonly dialect: string;
  /** Engine's voice name; default: the engine's voice for the dialect. */
  readonly voice?: string;
  /** 1 is the voice's normal rate. */
  readonly rate?: number;
  /** Only of expected sentences: a WAV of the prompt itself, for a far side with a voice that no synthesizer here has. */
  readonly audio?: string;
}

/** What the caller puts into the call. */
export type CallerInputStep =
  | { readonly kind: 'press'; readonly keys: string; readonly via: KeyTransport; readonly toneMs: number }
  | { readonly kind: 'say'; readonly sentence: Sentence }
  | { readonly kind: 'play'; readonly file: string };

export type ScriptStep = { readonly line: number } & (
  | { readonly kind: 'expectAnswer'; readonly withinMs: number }
  /** The INVITE is refused; with `status`, with exactly that one. */
  | { readonly kind: 'expectRefusal'; readonly withinMs: number; readonly status: number | undefined }
  /** One of the sentences is heard. */
  | { readonly kind: 'expectPhrase'; readonly withinMs: number; readonly phrases: readonly Sentence[] }
  /** The far side is audible, whatever it says. */
  | { readonly kind: 'expectSpeech'; readonly withinMs: number }
  /** The far side is silent for `forMs` on end. */
  | { readonly kind: 'expectSilence'; readonly withinMs: number; readonly forMs: number }
  /** The far side hangs up. */
  | { readonly kind: 'expectHangup'; readonly withinMs: number }
  | CallerInputStep
  /** Waits until the far side has spoken for `afterMs`, then interrupts it. */
  | {
      readonly kind: 'bargeIn';
      readonly afterMs: number;
      readonly withinMs: number;
      readonly input: CallerInputStep;
    }
  | { readonly kind: 'wait'; readonly forMs: number }
  /** Puts the far side on hold (re-INVITE with sendonly), takes it back. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'resume' }
  /** Before the answer this is a CANCEL. */
  | { readonly kind: 'hangup' }
  /** From here on, both channels go to a stereo WAV: left sent, right received. */
  | { readonly kind: 'record'; readonly file: string }
);

/** The sentences a script speaks or listens for, each once. */
export function sentencesOf(script: CallerScript): { said: Sentence[]; expected: Sentence[] } {
  const said = new Map<string, Sentence>();
  const expected = new Map<string, Sentence>();
  for (const step of script.steps) {
    const input = step.kind === 'bargeIn' ? step.input : step;
    if (input.kind === 'say') said.set(sentenceKey(input.sentence), input.sentence);
    if (step.kind === 'expectPhrase') {
      for (const phrase of step.phrases) expected.set(sentenceKey(phrase), phrase);
    }
  }
  return { said: [...said.values()], expected: [...expected.values()] };
}

/** Equal for sentences that sound the same. */
export function sentenceKey({ text, dialect, voice, rate, audio }: Sentence): string {
  return JSON.stringify([dialect, voice ?? '', rate ?? 1, text, audio ?? '']);
}
