import { connect } from 'node:net';
import type { Clock, Timer } from '../../core/clock.js';
import { StreamLink, type LinkStream } from '../../core/stream-link.js';
import type { LinkAddress } from './audio-fork-command.js';
import type { ForkEncoder } from './fork-encoder.js';
import type { ForkSocket, ForkSocketListener } from './fork-socket.js';

const CONNECT_LIMIT_MS = 5000;

/** The connections to applications on this machine: one to each, which all forks to it share (core/stream-link). */
export class ForkLinks {
  readonly #links = new Map<string, StreamLink>();

  constructor(private readonly clock: Clock) {}

  open({ path, name }: LinkAddress, listener: ForkSocketListener): ForkSocket {
    return new LinkedFork(this.#link(path), name, listener, this.clock, () => this.#leave(path));
  }

  /** Hands over what waits; call it before the thread rests. */
  flush(): void {
    for (const link of this.#links.values()) link.flush();
  }

  /** Ends all. Safe to call twice. */
  close(): void {
    for (const link of [...this.#links.values()]) link.close();
  }

  #link(path: string): StreamLink {
    const known = this.#links.get(path);
    if (known !== undefined) return known;
    const link = new StreamLink(connect(path), {
      gone: () => {
        if (this.#links.get(path) === link) this.#links.delete(path);
      },
    });
    this.#links.set(path, link);
    return link;
  }

  /** Nothing of ours stays open for nobody. */
  #leave(path: string): void {
    const link = this.#links.get(path);
    if (link?.streams === 0) link.close();
  }
}

class LinkedFork implements ForkSocket {
  readonly #stream: LinkStream;
  readonly #limit: Timer;

  constructor(link: StreamLink, name: string, listener: ForkSocketListener, clock: Clock, left: () => void) {
    let isAnswered = false;
    let isLate = false;
    this.#limit = clock.after(CONNECT_LIMIT_MS, () => {
      isLate = true;
      this.close();
    });
    this.#stream = link.open(name, {
      opened: () => {
        isAnswered = true;
        this.#limit.cancel();
        listener.opened();
      },
      message: (data, isBinary) => listener.message(data, isBinary),
      gone: (reason) => {
        this.#limit.cancel();
        const isRefused = !isAnswered && reason === 'closed';
        listener.gone(isLate ? 'no answer' : isRefused ? 'refused' : reason);
        left();
      },
    });
  }

  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  get waitingBytes(): number {
    return this.#stream.waitingBytes;
  }

  frame(encoder: ForkEncoder, left: Int16Array, right: Int16Array): void {
    this.#stream.send(encoder.view(left, right));
  }

  text(text: string): void {
    this.#stream.send(text);
  }

  close(): void {
    this.#stream.close();
  }
}
