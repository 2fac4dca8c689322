import type { MediaTicker, TickListener } from '../rtp/media-ticker.js';
import type { EventOptions } from './application-host.js';
import type { FrameWriter, Interruption } from './application-stack.js';
import { FRAME_SAMPLES } from './audio-source.js';
import type { MemberExecution, MemberHost } from './conference-member.js';
import type { EventBus } from './event-bus.js';
import { FrameRing } from './frame-ring.js';
import type { MediaPeers, PeerQuestion } from './media-peers.js';

/**
 * A call of another media worker, as the conference that it is in sees it here. Its sound comes and goes by rings, in this
 * worker's ticks; what is done to it is told to its worker. Closed when the member has left.
 */
export class FarMember implements MemberHost, MemberExecution {
  readonly uuid: string;
  readonly variables: { get(name: string): string | undefined };
  readonly media: MemberHost['media'];
  readonly session: MemberHost['session'];
  writer: FrameWriter | undefined;
  onDigit: ((digit: string) => boolean) | undefined;
  onInterrupt: ((why: Interruption) => void) | undefined;
  readonly #out = new Int16Array(FRAME_SAMPLES);
  readonly #says: FrameRing;
  readonly #listener: TickListener = () => this.#tick();

  constructor(
    readonly peer: number,
    { channel, variables, hears, says }: Extract<PeerQuestion, { about: 'join' }>,
    private readonly options: {
      readonly peers: MediaPeers;
      readonly bus: EventBus;
      readonly ticker: MediaTicker;
    },
  ) {
    const { peers, ticker } = options;
    this.uuid = channel;
    this.variables = new Map(Object.entries(variables));
    const heard = new FrameRing(hears);
    this.#says = new FrameRing(says);
    this.media = { listen: () => ({ take: () => heard.take(), close: () => undefined }) };
    this.session = {
      sendDtmf: (digits, durationMs) => {
        peers.tell(peer, { about: 'keys', channel, digits, durationMs: durationMs ?? 100 });
        return Promise.resolve();
      },
    };
    ticker.add(this.#listener);
  }

  /** For this worker's clients; those of the call's own worker hear it there, with all of the channel's data. */
  publish(name: string, headers: Readonly<Record<string, string>> = {}, options: EventOptions = {}): void {
    const { bus } = this.options;
    if (!bus.isWanted(name, options.subclass, this.uuid)) return;
    bus.publish(bus.factory.make(name, { 'Unique-ID': this.uuid, ...headers }, options));
  }

  hangup(cause: string): void {
    this.options.peers.tell(this.peer, { about: 'hangup', channel: this.uuid, cause });
  }

  close(): void {
    this.options.ticker.remove(this.#listener);
  }

  /** Hot. */
  #tick(): void {
    const out = this.#out;
    out.fill(0);
    if (this.writer?.mix(out) === true) this.#says.put(out);
  }
}
