/** Why a call ended (RFC 4235 §3.7.3's words). */
export type EndReason =
  'cancelled' | 'rejected' | 'replaced' | 'local-bye' | 'remote-bye' | 'error' | 'timeout';

/** What silenced the bot when the caller interrupted, ms. */
export interface BargeInRecord {
  /** From the caller's first voiced sample (or the end of the key) to the last that was heard of the bot. */
  readonly wholeMs: number;
  /** Of it: until the prompts were ordered to be silent. */
  readonly detectionMs: number;
  /** Of it: from the order to silence. */
  readonly stopMs: number;
}

/**
 * How long the caller waited for an answer, and with what, ms. The whole is counted in samples of the stereo audio; each
 * part lies between two instants that were stamped for themselves, so that {@link restMs} may be anything.
 */
export interface LedgerRecord {
  /** Counted from the caller's last voiced sample, or from the end of the last key. */
  readonly from: 'speech' | 'keys';
  /** To the first audible sample of the bot's answer. */
  readonly wholeMs: number;
  /** Until it was decided that the caller had finished. */
  readonly endpointingMs: number;
  /** Until the recognizer's final result. */
  readonly recognizerMs: number;
  /** Until the dialog had decided what to say. */
  readonly dialogMs: number;
  /** From asking for the sound to its first samples; 0 for what was made ready before, and for files. */
  readonly synthesisMs: number;
  /** Until they were handed to the media server, or it was told to play a file. */
  readonly handOverMs: number;
  /** Until the first audible sample left the media server. */
  readonly mediaMs: number;
  /** The whole less the parts: what nobody stamped, and how far the sample counts and the clock disagree. */
  readonly restMs: number;
  /** Only of a turn in which the caller interrupted. */
  readonly bargeIn?: BargeInRecord;
}

/** One exchange: what the bot said, then what the caller answered. */
export interface TurnRecord {
  /** Dialplan node that asked. */
  readonly node: string;
  /** Words said to the caller before and while this turn listened. */
  readonly said: readonly string[];
  /** How the turn ended. `none`: the call ended first, or nothing was asked. */
  readonly outcome: 'keys' | 'phrase' | 'noInput' | 'noMatch' | 'none';
  /** Keys or words heard; null when nothing was, or when the node is sensitive. */
  readonly heard: string | null;
  /** 0 to 1 for a phrase, else null. */
  readonly confidence: number | null;
  /** Dialect of what was said to the caller. */
  readonly dialect: string;
  /** Milliseconds since the answer when the turn began. */
  readonly startMs: number;
  /** Milliseconds since the answer when the caller's answer was complete; null if there was none. */
  readonly heardMs: number | null;
  /** Whether the caller interrupted the prompts. */
  readonly bargedIn: boolean;
  /**
   * Silence between the end of the caller's answer and the first sound of what the bot said then, ms, as measured from
   * the sound; left out where it was not measured.
   */
  readonly gapMs?: number;
  /** Where that silence went; left out where it was not measured. */
  readonly ledger?: LedgerRecord;
}

/** One attempt to connect the caller with somebody else. Times are milliseconds since the answer, as in turns. */
export interface TransferRecord {
  /** Dialplan node that asked for it; null when an operator did. */
  readonly node: string | null;
  /** Number, user or `sip:` URI; `***` when it reads back a sensitive answer. */
  readonly to: string;
  readonly by: 'refer' | 'bridge';
  /** `cancelled`: the caller hung up first, or the call was ended. */
  readonly outcome: 'answered' | 'busy' | 'refused' | 'noAnswer' | 'failed' | 'cancelled';
  /** Final status that the target (or, for a refused REFER, the caller's telephone) gave; null if none. */
  readonly sipStatus: number | null;
  /** One sentence for people; null when the outcome says everything. */
  readonly detail: string | null;
  readonly startMs: number;
  readonly answeredMs: number | null;
  readonly endedMs: number;
}

/** How the packets of a call fared between its far side and the media server; null: not known. */
export interface MediaRecord {
  readonly packetsReceived: number;
  readonly packetsSent: number;
  /** Share of the far side's packets that never came, 0 to 1, and their jitter. */
  readonly lossReceived: number | null;
  readonly jitterReceivedMs: number | null;
  /** The same of our packets, as the far side reported by RTCP. */
  readonly lossSent: number | null;
  readonly jitterSentMs: number | null;
  readonly roundTripMs: number | null;
}

/** Everything kept of one call. Times are wall-clock milliseconds since 1970 unless they say otherwise. */
export interface CallRecord {
  readonly id: string;
  readonly sipCallId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Name of the dialplan, and the hash of the version that the call used; null when none was found. */
  readonly dialplan: string | null;
  readonly dialplanVersion: string | null;
  readonly receivedAtMs: number;
  readonly answeredAtMs: number | null;
  readonly endedAtMs: number;
  readonly endReason: EndReason;
  /** Final SIP status of the INVITE if it was refused, else null. */
  readonly sipStatus: number | null;
  /** ITU-T Q.850 cause where known, else null. */
  readonly q850Cause: number | null;
  /** One sentence for people: why it was refused or what failed; null for a call that simply ended. */
  readonly detail: string | null;
  /** Nodes in the order they were entered. */
  readonly path: readonly string[];
  readonly turns: readonly TurnRecord[];
  /** The other side asked not to be called any more; left out if it did not. */
  readonly stopCalling?: true;
  /** Left out for a call that had no media, or whose media server could not say. */
  readonly media?: MediaRecord;
  /** In the order they began. */
  readonly transfers: readonly TransferRecord[];
  /** Recording, journal: paths relative to the data folder; null if there is none. */
  readonly recording: string | null;
  readonly journal: string | null;
}
