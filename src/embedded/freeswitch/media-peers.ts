import type { JoinRequest } from './conference-join.js';

/** What one media worker may ask another. */
export type PeerQuestion =
  | {
      /** Whether `channel` is there; it is bridged then. Answer: true. */
      readonly about: 'bridge';
      /** Names the bridge on both sides. */
      readonly bridge: string;
      readonly channel: string;
      readonly partner: string;
      /** Whether the channel is the one that the command named first. */
      readonly isFirst: boolean;
      /** {@link FrameRing}s, as the one who is asked uses them. */
      readonly hears: SharedArrayBuffer;
      readonly says: SharedArrayBuffer;
    }
  | {
      /** Takes a call of the asking worker into a conference. Answer: {@link JoinAnswer}. */
      readonly about: 'join';
      /** Names the membership on both sides. */
      readonly member: string;
      readonly request: JoinRequest;
      readonly channel: string;
      /** The call's variables that a conference looks at. */
      readonly variables: Readonly<Record<string, string>>;
      /** {@link FrameRing}s, as the conference uses them: what the member says, and what it hears. */
      readonly hears: SharedArrayBuffer;
      readonly says: SharedArrayBuffer;
    }
  /** `api conference ...`. Answer: the reply. */
  | { readonly about: 'conference'; readonly argument: string };

/** `gone`: the conference is over meanwhile. */
export type JoinAnswer = 'joined' | 'refused' | 'gone';

/** What one media worker tells another; there is no answer. */
export type PeerNote =
  /** `isParted`: by a client's order (`uuid_transfer -both`), so that both channels are told. */
  | { readonly about: 'unbridge'; readonly bridge: string; readonly isParted: boolean }
  | { readonly about: 'keys'; readonly channel: string; readonly digits: string; readonly durationMs: number }
  | { readonly about: 'hangup'; readonly channel: string; readonly cause: string }
  /** Of a conference; with its channel's id when it is of a member. */
  | {
      readonly about: 'event';
      readonly channel: string | undefined;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** From the conference: the member is out; `next`: it is to join that one. */
  | { readonly about: 'left'; readonly member: string; readonly next?: JoinRequest | undefined }
  /** To the conference. */
  | { readonly about: 'leave'; readonly member: string }
  | { readonly about: 'digit'; readonly member: string; readonly digit: string };

/** What a media server does for the other workers. */
export interface PeerService {
  /** May be asked by any of them; undefined: nothing is known of it here. */
  answer(peer: number, question: PeerQuestion): unknown;
  note(peer: number, note: PeerNote): void;
  /** A worker has crashed, with everything that was there. */
  gone(peer: number): void;
}

/**
 * The other media workers of this process, by number. Conferences have one owner among the workers: whoever claimed the name
 * first has it until it is released.
 */
export interface MediaPeers {
  /** Set by the media server when it is ready. */
  service: PeerService | undefined;
  readonly others: readonly number[];
  /** The worker that has the conference; undefined: this one, from now on at the latest. */
  claim(conference: string): Promise<number | undefined>;
  /** The other worker that has the conference, if one has it. */
  ownerOf(conference: string): Promise<number | undefined>;
  release(conference: string): void;
  /** Undefined when the worker knows nothing of it, failed, or is gone. Never rejects. */
  ask(peer: number, question: PeerQuestion): Promise<unknown>;
  tell(peer: number, note: PeerNote): void;
}
