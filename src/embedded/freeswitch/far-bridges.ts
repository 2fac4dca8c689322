import { uuid as newUuid } from '../../core/ids.js';
import type { Channel } from './channel.js';
import type { Conferences } from './conferences.js';
import { FrameRing, frameRingMemory } from './frame-ring.js';
import type { MediaPeers, PeerQuestion } from './media-peers.js';

type BridgeQuestion = Extract<PeerQuestion, { about: 'bridge' }>;

export interface FarBridgesOptions {
  readonly peers: MediaPeers;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly conferences: Pick<Conferences, 'release'>;
}

/** One end of a bridge whose other end is on another media worker. */
interface End {
  readonly peer: number;
  readonly channel: Channel;
}

/**
 * Bridges between calls on different media workers. Each worker's half takes sound out of a ring in its call's ticks and puts
 * its caller's there; orders and keys go as notes.
 */
export class FarBridges {
  /** By the bridge's id. */
  readonly #ends = new Map<string, End>();

  constructor(private readonly options: FarBridgesOptions) {}

  /** Bridges a channel of ours with one of another worker; false when no worker has it, or ours has ended meanwhile. */
  async bridge(channel: Channel, partner: string, isFirst: boolean): Promise<boolean> {
    const { peers, channels } = this.options;
    const [hears, says] = [frameRingMemory(), frameRingMemory()];
    const bridge = newUuid();
    const question: BridgeQuestion = {
      about: 'bridge',
      bridge,
      channel: partner,
      partner: channel.uuid,
      isFirst: !isFirst,
      hears: says,
      says: hears,
    };
    for (const peer of peers.others) {
      if ((await peers.ask(peer, question)) !== true) continue;
      if (channels.get(channel.uuid) === channel) {
        this.#join(peer, channel, { ...question, partner, isFirst, hears, says });
        return true;
      }
      peers.tell(peer, { about: 'unbridge', bridge, isParted: false });
    }
    return false;
  }

  /** Another worker's channel is to be bridged with one that may be ours. */
  answer(peer: number, question: BridgeQuestion): true | undefined {
    const channel = this.options.channels.get(question.channel);
    if (channel === undefined) return undefined;
    this.#join(peer, channel, question);
    return true;
  }

  /** Ends the bridge of one of our channels by a client's order, so that the other end is told as well. False: it has none. */
  part(channel: Channel): boolean {
    for (const [bridge, end] of this.#ends) {
      if (end.channel !== channel) continue;
      this.#ends.delete(bridge);
      this.options.peers.tell(end.peer, { about: 'unbridge', bridge, isParted: true });
      channel.media.unbridge();
      return true;
    }
    return false;
  }

  /** The other end is over. */
  ended(bridge: string, isParted: boolean): void {
    const end = this.#ends.get(bridge);
    if (end === undefined) return;
    this.#ends.delete(bridge);
    end.channel.media.unbridge();
    if (isParted) partFromBridge(end.channel, this.options.conferences);
  }

  /** A worker has crashed. */
  gone(peer: number): void {
    for (const [bridge, end] of [...this.#ends]) if (end.peer === peer) this.ended(bridge, false);
  }

  #join(peer: number, channel: Channel, { bridge, partner, isFirst, hears, says }: BridgeQuestion): void {
    const { peers, conferences } = this.options;
    const [incoming, outgoing] = [new FrameRing(hears), new FrameRing(says)];
    prepareBridge(channel, partner, conferences);
    channel.media.bridgeFar({
      take: () => incoming.take(),
      hear: (frame) => outgoing.put(frame),
      pressed: (digits, durationMs) =>
        peers.tell(peer, { about: 'keys', channel: partner, digits, durationMs }),
      ended: () => {
        // Whoever ended it from afar has forgotten it already.
        if (this.#ends.delete(bridge)) peers.tell(peer, { about: 'unbridge', bridge, isParted: false });
      },
    });
    this.#ends.set(bridge, { peer, channel });
    const [first, second] = isFirst ? [channel.uuid, partner] : [partner, channel.uuid];
    publishBridge(channel, first, second);
  }
}

/** On the real server the socket application gives way to the bridge: what plays on either leg ends. */
export function prepareBridge(
  channel: Channel,
  partner: string,
  conferences: Pick<Conferences, 'release'>,
): void {
  channel.breakApplications(true);
  conferences.release(channel.uuid);
  channel.setVariable('bridge_uuid', partner);
  channel.setVariable('signal_bond', partner);
}

/** `first` and `second`: as the command named them. */
export function publishBridge(channel: Channel, first: string, second: string): void {
  channel.publish('CHANNEL_BRIDGE', {
    'Bridge-A-Unique-ID': first,
    'Bridge-B-Unique-ID': second,
    'Other-Leg-Unique-ID': channel.uuid === first ? second : first,
  });
}

/** What `uuid_transfer` does to each leg. */
export function partFromBridge(channel: Channel, conferences: Pick<Conferences, 'release'>): void {
  channel.breakApplications(true);
  conferences.release(channel.uuid);
  channel.setVariable('bridge_uuid', '');
  channel.setVariable('signal_bond', '');
  channel.publish('CHANNEL_UNBRIDGE');
}
