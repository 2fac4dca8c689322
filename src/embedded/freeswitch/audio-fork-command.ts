import { splitArguments } from './variables.js';

/** mod_audio_fork's name for a fork that was given none. */
export const DEFAULT_FORK_NAME = 'audio_fork';

export type ForkMix = 'mono' | 'mixed' | 'stereo';

/** What `uuid_audio_fork U start ...` asked for. */
export interface ForkRequest {
  readonly name: string;
  readonly url: string;
  readonly mix: ForkMix;
  readonly sampleRateHz: number;
  /** Sent verbatim as the first text frame. */
  readonly metadata: string | undefined;
  /** Whether the server may send audio to us at all. */
  readonly isBidirectional: boolean;
  /** Rate of binary frames to be played to the caller; undefined when they are not played. */
  readonly playRateHz: number | undefined;
}

export type ForkCommand =
  | { readonly kind: 'start'; readonly uuid: string; readonly request: ForkRequest }
  | {
      readonly kind: 'stop' | 'send_text' | 'pause' | 'resume' | 'graceful-shutdown' | 'stop_play';
      readonly uuid: string;
      readonly name: string;
      readonly text: string | undefined;
    };

/**
 * Reads the arguments of `uuid_audio_fork`; undefined when they make no sense. An empty fork name means the default one,
 * also where the reference module takes it literally (its clients then cannot stop their own fork).
 */
export function parseForkCommand(argument: string): ForkCommand | undefined {
  const [uuid, kind, ...rest] = splitArguments(argument);
  if (uuid === undefined || kind === undefined) return undefined;
  switch (kind) {
    case 'start':
      return parseStart(uuid, rest);
    case 'stop':
    case 'send_text':
    case 'pause':
    case 'resume':
    case 'graceful-shutdown':
    case 'stop_play': {
      const [first, second] = rest;
      if (first !== undefined && second === undefined && /^[{[]/.test(first)) {
        return { kind, uuid, name: DEFAULT_FORK_NAME, text: first };
      }
      return { kind, uuid, name: orDefault(first), text: second };
    }
    default:
      return undefined;
  }
}

function parseStart(uuid: string, rest: readonly string[]): ForkCommand | undefined {
  const [address, mix, rate, ...extra] = rest;
  const url = serverUrl(address);
  const sampleRateHz = readRate(rate);
  if (url === undefined || sampleRateHz === undefined) return undefined;
  if (mix !== 'mono' && mix !== 'mixed' && mix !== 'stereo') return undefined;
  let [name, metadata] = extra;
  // One field only: metadata when it looks like JSON, else the name.
  if (extra.length === 1 && name !== undefined && /^[{[]/.test(name)) [name, metadata] = [undefined, name];
  const [, , enabled, streaming, playRate] = extra;
  const isBidirectional = enabled === undefined || enabled === 'true';
  const playRateHz = isBidirectional && streaming === 'true' ? readRate(playRate) : undefined;
  return {
    kind: 'start',
    uuid,
    request: {
      name: orDefault(name),
      url,
      mix,
      sampleRateHz,
      metadata: metadata === '' ? undefined : metadata,
      isBidirectional,
      playRateHz,
    },
  };
}

function orDefault(name: string | undefined): string {
  return name === undefined || name === '' ? DEFAULT_FORK_NAME : name;
}

/** `8k`, `16k`, or a multiple of 8000. */
function readRate(text: string | undefined): number | undefined {
  if (text === '8k') return 8000;
  if (text === '16k') return 16000;
  const rate = Number(text);
  return Number.isInteger(rate) && rate > 0 && rate <= 64000 && rate % 8000 === 0 ? rate : undefined;
}

function serverUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // Ours alone: an application on this machine.
  if (linkAddress(text) !== undefined) return text;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  return url.protocol === 'ws:' || url.protocol === 'wss:' ? url.href : undefined;
}

/** Where an application on this machine takes all its forks over one connection (core/stream-link). */
export interface LinkAddress {
  /** Of the Unix socket. */
  readonly path: string;
  readonly name: string;
}

/** Reads `link+unix:/run/audio.sock:/name`; undefined: it is another kind of URL. */
export function linkAddress(url: string): LinkAddress | undefined {
  const [, path, name] = /^link\+unix:(.+?):(\/.*)$/.exec(url) ?? [];
  return path === undefined || name === undefined ? undefined : { path, name };
}
