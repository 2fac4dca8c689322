/**
 * A named stream of facts ("this call ended"), declared by the room that publishes it. Logs, metrics, the live feed
 * and the journal subscribe; a subscriber that throws is reported and skipped, so that watching never disturbs a call.
 */
export class Channel<T> {
  readonly #subscribers = new Set<(fact: T) => void>();

  /** Where a throwing subscriber is reported; set once by the composition root. */
  static subscriberError: (channel: string, error: unknown) => void = (channel, error) => {
    process.emitWarning(
      `subscriber of '${channel}' failed: ${error instanceof Error ? error.name : typeof error}`,
    );
  };

  constructor(readonly name: string) {}

  /** Returns the function that unsubscribes. */
  subscribe(subscriber: (fact: T) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  /** Calls every subscriber at once, in order of subscription. */
  publish(fact: T): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(fact);
      } catch (error) {
        Channel.subscriberError(this.name, error);
      }
    }
  }
}
