import type { ExchangeNews, ExchangeRequest } from './worker-peers.js';

/**
 * The main thread's side of what media workers have to do with each other: passes their letters on, and keeps who has which
 * conference, so that a name has one owner whoever asks first. Sound does not come by here.
 */
export class MediaExchange {
  readonly #owners = new Map<string, number>();
  /** Of the workers that are running. */
  readonly #posts = new Map<number, (news: ExchangeNews) => void>();

  /** A worker is running. */
  joined(worker: number, post: (news: ExchangeNews) => void): void {
    this.#posts.set(worker, post);
  }

  /** A worker has ended, and its conferences with it. */
  left(worker: number): void {
    if (!this.#posts.delete(worker)) return;
    for (const [conference, owner] of [...this.#owners]) {
      if (owner === worker) this.#owners.delete(conference);
    }
    for (const post of this.#posts.values()) post({ kind: 'gone', peer: worker });
  }

  request(worker: number, request: ExchangeRequest): void {
    const post = this.#posts.get(worker);
    switch (request.kind) {
      case 'owner': {
        const { conference, id, claims } = request;
        if (claims && !this.#owners.has(conference)) this.#owners.set(conference, worker);
        post?.({ kind: 'owner', id, owner: this.#owners.get(conference) });
        return;
      }
      case 'release':
        if (this.#owners.get(request.conference) === worker) this.#owners.delete(request.conference);
        return;
      case 'to': {
        const to = this.#posts.get(request.peer);
        // Nobody will answer there.
        if (to === undefined) post?.({ kind: 'gone', peer: request.peer });
        else to({ kind: 'from', peer: worker, letter: request.letter });
      }
    }
  }
}
