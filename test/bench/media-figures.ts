/** What the processes of `bench media` tell each other, and the figures that come of it. Pure. */

/** Peak of the packets with which a caller marks an instant; nothing else that it sends is loud. */
export const MARK_PEAK = 20_000;
/** Peak from which on a packet holds the bot's voice. */
export const VOICE_PEAK = 1000;

export interface AppTask {
  /** `drachtio://:SECRET@host:port` and `esl://:SECRET@host:port`; without them the embedded pair is measured. */
  readonly drachtio?: string | undefined;
  readonly freeswitch?: string | undefined;
  readonly profile?: string | undefined;
  /** Threads of the embedded media server. Default 1. */
  readonly workers?: number | undefined;
}

/** Monotonic, ms, in order. */
export interface CallStamps {
  /** The frame with a caller's mark was handed to the application. */
  readonly heardMs: number[];
  /** Bot audio was handed over after a silence; it was told to stop. */
  readonly playMs: number[];
  readonly stopMs: number[];
}

export interface AppResult {
  /** By called number, which is the caller's own. */
  readonly stamps: Readonly<Record<string, CallStamps>>;
}

export interface ClientTask {
  readonly uri: string;
  readonly calls: number;
  readonly seconds: number;
}

export interface ClientCall {
  readonly number: string;
  /** When packets with a mark were handed to the socket. */
  readonly markMs: readonly number[];
  /** First and last packets with the bot's voice, around a silence of at least {@link SILENCE_MS}. */
  readonly voiceBeganMs: readonly number[];
  readonly voiceEndedMs: readonly number[];
  readonly packets: number;
  readonly latePackets: number;
  readonly lostPackets: number;
}

export interface ClientResult {
  readonly calls: readonly ClientCall[];
  /** From when on the calls were watched. */
  readonly beganMs: number;
  readonly failures: readonly string[];
  readonly lagP99Ms: number;
  readonly cpuPercent: number;
}

/** Between two packets with the bot's voice: the bot was silent. Longer than any burst, shorter than its shortest silence. */
export const SILENCE_MS = 150;
/** More than this off the stream's ideal schedule is late (DESIGN.md §5). */
export const LATE_MS = 10;
/** What has not come by then never will. */
const LIMIT_MS = 1000;

export interface MediaFigures {
  readonly rtpInToAppMsP50: number;
  readonly rtpInToAppMsP95: number;
  readonly playStartMsP95: number;
  readonly stopMsP95: number;
  readonly lateShare: number;
  /** Packets of the bot that never came. */
  readonly lost: number;
  /** Marks, starts and stops that the other side never saw. */
  readonly missed: number;
  readonly samples: number;
}

export function figures(client: ClientResult, app: AppResult): MediaFigures {
  const inToApp: number[] = [];
  const starts: number[] = [];
  const stops: number[] = [];
  let missed = 0;
  const pair = (from: readonly number[], to: readonly number[], into: number[]): void => {
    for (const atMs of from) {
      const found = to.find((candidate) => candidate >= atMs);
      if (found === undefined || found - atMs > LIMIT_MS) missed += 1;
      else into.push(found - atMs);
    }
  };
  let packets = 0;
  let late = 0;
  let lost = 0;
  for (const call of client.calls) {
    const stamps = app.stamps[call.number];
    packets += call.packets;
    late += call.latePackets;
    lost += call.lostPackets;
    if (stamps === undefined) {
      missed += 1;
      continue;
    }
    pair(call.markMs, stamps.heardMs, inToApp);
    // The last ones may lie beyond the end of what the caller heard.
    const lastMs = call.voiceBeganMs.at(-1) ?? 0;
    pair(
      stamps.playMs.filter((atMs) => atMs >= client.beganMs && atMs <= lastMs),
      call.voiceBeganMs,
      starts,
    );
    for (const atMs of stamps.stopMs.filter((stop) => stop >= client.beganMs && stop < lastMs)) {
      // The last packet with voice before the silence that the stop began; it may have left before the order.
      const end = call.voiceEndedMs.find((candidate) => candidate >= atMs - 20);
      if (end === undefined || end - atMs > LIMIT_MS) missed += 1;
      else stops.push(Math.max(0, end - atMs));
    }
  }
  return {
    rtpInToAppMsP50: quantile(inToApp, 0.5),
    rtpInToAppMsP95: quantile(inToApp, 0.95),
    playStartMsP95: quantile(starts, 0.95),
    stopMsP95: quantile(stops, 0.95),
    lateShare: packets === 0 ? Number.NaN : late / packets,
    lost,
    missed,
    samples: Math.min(inToApp.length, starts.length, stops.length),
  };
}

/** How many of a stream's packets came more than {@link LATE_MS} off its ideal schedule, which is its median one. */
export function latePackets(offsetsMs: readonly number[]): number {
  const sorted = [...offsetsMs].sort((a, b) => a - b);
  const ideal = sorted[sorted.length >> 1] ?? 0;
  return offsetsMs.filter((offset) => Math.abs(offset - ideal) > LATE_MS).length;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
