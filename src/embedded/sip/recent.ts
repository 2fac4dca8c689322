/** At most so many values by key; the one longest unused goes first. */
export class Recent<V> {
  readonly #values = new Map<string, V>();
  #last: string | undefined;

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value !== undefined && key !== this.#last) this.#touch(key, value);
    return value;
  }

  put(key: string, value: V): V {
    if (this.#values.size >= this.limit) {
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest);
        break;
      }
    }
    this.#touch(key, value);
    return value;
  }

  /** To the end of the map's order; a flood from one address finds itself there already. */
  #touch(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    this.#last = key;
  }
}
