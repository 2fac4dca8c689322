import type { MediaPeers, PeerNote, PeerQuestion, PeerService } from './freeswitch/media-peers.js';

/** Worker to main thread, which passes on what is for another worker and knows who has which conference. */
export type ExchangeRequest =
  | { readonly kind: 'owner'; readonly id: number; readonly conference: string; readonly claims: boolean }
  | { readonly kind: 'release'; readonly conference: string }
  | { readonly kind: 'to'; readonly peer: number; readonly letter: PeerLetter };

/** Main thread to worker. */
export type ExchangeNews =
  | { readonly kind: 'owner'; readonly id: number; readonly owner: number | undefined }
  | { readonly kind: 'from'; readonly peer: number; readonly letter: PeerLetter }
  /** It crashed, or cannot be reached now. */
  | { readonly kind: 'gone'; readonly peer: number };

/** Worker to worker. */
export type PeerLetter =
  | { readonly kind: 'question'; readonly id: number; readonly question: PeerQuestion }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'note'; readonly note: PeerNote };

interface Waiting {
  /** Undefined: the main thread is asked. */
  readonly peer: number | undefined;
  readonly done: (value: unknown) => void;
}

/** A media worker's way to the others, through the main thread. */
export class WorkerPeers implements MediaPeers {
  service: PeerService | undefined;
  readonly others: readonly number[];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  constructor(
    private readonly index: number,
    workers: number,
    private readonly post: (request: ExchangeRequest) => void,
  ) {
    this.others = Array.from({ length: workers }, (_, peer) => peer).filter((peer) => peer !== index);
  }

  claim(conference: string): Promise<number | undefined> {
    return this.#owner(conference, true);
  }

  ownerOf(conference: string): Promise<number | undefined> {
    return this.#owner(conference, false);
  }

  release(conference: string): void {
    this.post({ kind: 'release', conference });
  }

  ask(peer: number, question: PeerQuestion): Promise<unknown> {
    return this.#wait(peer, (id) =>
      this.post({ kind: 'to', peer, letter: { kind: 'question', id, question } }),
    );
  }

  tell(peer: number, note: PeerNote): void {
    this.post({ kind: 'to', peer, letter: { kind: 'note', note } });
  }

  /** What came from the main thread. */
  received(news: ExchangeNews): void {
    if (news.kind === 'owner') this.#settle(news.id, news.owner);
    else if (news.kind === 'gone') this.#gone(news.peer);
    else this.#letter(news.peer, news.letter);
  }

  async #owner(conference: string, claims: boolean): Promise<number | undefined> {
    const owner = await this.#wait(undefined, (id) => this.post({ kind: 'owner', id, conference, claims }));
    return owner === this.index ? undefined : (owner as number | undefined);
  }

  #wait(peer: number | undefined, send: (id: number) => void): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((done) => {
      this.#waiting.set(id, { peer, done });
      send(id);
    });
  }

  #settle(id: number, value: unknown): void {
    this.#waiting.get(id)?.done(value);
    this.#waiting.delete(id);
  }

  #letter(peer: number, letter: PeerLetter): void {
    if (letter.kind === 'answer') this.#settle(letter.id, letter.value);
    else if (letter.kind === 'note') this.service?.note(peer, letter.note);
    else void this.#answer(peer, letter.id, letter.question);
  }

  async #answer(peer: number, id: number, question: PeerQuestion): Promise<void> {
    let value: unknown;
    try {
      value = await this.service?.answer(peer, question);
    } finally {
      // A fault here is reported as one nobody caught; who asks must not wait for ever.
      this.post({ kind: 'to', peer, letter: { kind: 'answer', id, value } });
    }
  }

  #gone(peer: number): void {
    for (const [id, waiting] of [...this.#waiting]) if (waiting.peer === peer) this.#settle(id, undefined);
    this.service?.gone(peer);
  }
}
