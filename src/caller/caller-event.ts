import type { CallerInputStep } from './script.js';

/**
 * What happens to a scripted call. `atMs` is when it was so, on the caller's monotonic clock from the INVITE on; it may
 * be told later (a speech's begin is certain only 60 ms after it).
 */
export type CallerEvent = { readonly atMs: number } & (
  | { readonly type: 'start' }
  | { readonly type: 'provisional'; readonly status: number }
  | { readonly type: 'answered' }
  /** The INVITE's final response, or 408 made here when none came. */
  | { readonly type: 'refused'; readonly status: number; readonly reason: string }
  /** The far side hung up. */
  | { readonly type: 'farEndHangup' }
  /** Our BYE was answered, or given up. */
  | { readonly type: 'byeDone' }
  /** The far side changed the session (re-INVITE); it was answered. */
  | { readonly type: 'farEndReinvite'; readonly direction: string }
  /** After `silenceMs` without a sound; Infinity for the first. */
  | { readonly type: 'speechStart'; readonly silenceMs: number }
  /** Silence from `fromMs` to `atMs` that is too short to end speech; frequent. */
  | { readonly type: 'dip'; readonly fromMs: number }
  | { readonly type: 'speechEnd' }
  /** A sentence of the script was recognised; it lasted from `startMs` to `atMs`. */
  | {
      readonly type: 'heard';
      readonly text: string;
      readonly confidence: number;
      readonly startMs: number;
    }
  /** The first voiced sample, or the first key, left. */
  | { readonly type: 'inputBegan' }
  /** The last voiced sample, or the last key's end, left at `atMs`. */
  | { readonly type: 'inputDone' }
  /** A re-INVITE of ours was answered. */
  | { readonly type: 'reinvited'; readonly status: number }
  /** Something of ours broke, e.g. the far side's SDP fits nothing. */
  | { readonly type: 'broken'; readonly reason: string }
  | { readonly type: 'timer'; readonly id: TimerId }
);

/** `limit`: the present step's; `pause`: a waiting that belongs to the present step; `call`: the whole call's limit. */
export type TimerId = 'limit' | 'pause' | 'call';

/** What the shell does next, in this order. */
export type CallerAction =
  | { readonly type: 'invite' }
  | { readonly type: 'input'; readonly input: CallerInputStep }
  | { readonly type: 'hold' }
  | { readonly type: 'resume' }
  | { readonly type: 'record'; readonly file: string }
  | { readonly type: 'cancel' }
  | { readonly type: 'bye' }
  /** Replaces a pending timer of the same id. */
  | { readonly type: 'timer'; readonly id: TimerId; readonly delayMs: number }
  | { readonly type: 'cancelTimer'; readonly id: TimerId }
  /** All is over: release everything, the report is ready. */
  | { readonly type: 'finish' };
