/**
 * `awaited`: the endpoint was found and the caller waits. `early`: a pause, in which the verdict is made in advance.
 * `background`: learning.
 */
export type Urgency = 'awaited' | 'early' | 'background';

const urgencies: readonly Urgency[] = ['awaited', 'early', 'background'];

/**
 * What waits for the worker's one thread. One job for each owner: to put another in changes how urgent it is, and it waits
 * behind those that are as urgent. A job must not throw.
 */
export class WorkQueue {
  readonly #waiting: Readonly<Record<Urgency, Map<object, () => void>>> = {
    awaited: new Map(),
    early: new Map(),
    background: new Map(),
  };
  #isScheduled = false;

  /** `schedule` calls back soon, after what came meanwhile was read: it may be more urgent, or take a job back. */
  constructor(private readonly schedule: (step: () => void) => void) {}

  put(owner: object, urgency: Urgency, job: () => void): void {
    this.drop(owner);
    this.#waiting[urgency].set(owner, job);
    this.#wake();
  }

  /** Nobody wants it any more. Safe for an owner without a job. */
  drop(owner: object): void {
    for (const urgency of urgencies) this.#waiting[urgency].delete(owner);
  }

  #wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.schedule(() => {
      this.#isScheduled = false;
      this.#step();
    });
  }

  /** One job: the most urgent, of several the one that came first. */
  #step(): void {
    for (const urgency of urgencies) {
      for (const [owner, job] of this.#waiting[urgency]) {
        this.#waiting[urgency].delete(owner);
        this.#wake();
        job();
        return;
      }
    }
  }
}
