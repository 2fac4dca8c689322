/** Event name to argument tuple: `{ digit: [digit: string]; close: [] }`. */
export type EventMap = { [name: string]: unknown[] };

type Listener<A extends unknown[]> = (...args: A) => void;

/**
 * An emitter whose listeners cannot break the thing they listen to: what a listener throws (or rejects with) goes to
 * `listenerError` and the next listener is called. Declares its events beside its class, as an {@link EventMap}.
 */
export class TypedEmitter<Events extends EventMap> {
  readonly #listeners = new Map<keyof Events, Listener<never>[]>();

  /** Where a throwing listener is reported; set once by the composition root. */
  static listenerError: (event: string, error: unknown) => void = (event, error) => {
    process.emitWarning(
      `listener of '${event}' failed: ${error instanceof Error ? error.name : typeof error}`,
    );
  };

  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): this {
    const list = this.#listeners.get(event);
    // Copy on write, so that emit can walk the array while listeners come and go.
    this.#listeners.set(event, list === undefined ? [listener] : [...list, listener]);
    return this;
  }

  once<K extends keyof Events>(event: K, listener: Listener<Events[K]>): this {
    const wrapped: Listener<Events[K]> = (...args) => {
      this.off(event, wrapped);
      listener(...args);
    };
    return this.on(event, wrapped);
  }

  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): this {
    const list = this.#listeners.get(event);
    if (list !== undefined) {
      const rest = list.filter((l) => l !== (listener as Listener<never>));
      if (rest.length === 0) this.#listeners.delete(event);
      else this.#listeners.set(event, rest);
    }
    return this;
  }

  removeAllListeners(): this {
    this.#listeners.clear();
    return this;
  }

  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  /** Hot: called per packet by some rooms; allocates only the rest array. Returns whether anybody listened. */
  protected emit<K extends keyof Events>(event: K, ...args: Events[K]): boolean {
    const list = this.#listeners.get(event) as Listener<Events[K]>[] | undefined;
    if (list === undefined) return false;
    for (const listener of list) {
      try {
        const result = listener(...args) as unknown;
        if (result instanceof Promise) {
          result.catch((error: unknown) => TypedEmitter.listenerError(String(event), error));
        }
      } catch (error) {
        TypedEmitter.listenerError(String(event), error);
      }
    }
    return true;
  }
}
