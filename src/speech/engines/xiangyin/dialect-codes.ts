/** Between Xiangyin's dialect ids and an engine's own codes: an explicit map, never derived. */
export class DialectCodes {
  readonly #toEngine: ReadonlyMap<string, string> | undefined;
  readonly #toId = new Map<string, string>();

  /** `map`: engine's code by dialect id. Undefined: the engine uses our ids. */
  constructor(map: Readonly<Record<string, string>> | undefined) {
    this.#toEngine = map && new Map(Object.entries(map));
    for (const [id, code] of this.#toEngine ?? []) {
      // Several dialects may share a code: the first named is meant by it.
      if (!this.#toId.has(code)) this.#toId.set(code, id);
    }
  }

  /** Undefined: the engine has none for it. */
  codeOf(id: string): string | undefined {
    return this.#toEngine === undefined ? id : this.#toEngine.get(id);
  }

  /** Undefined: a code that we have no dialect for. `among` goes first where several dialects share the code. */
  idOf(code: string, among: readonly string[] = []): string | undefined {
    if (this.#toEngine === undefined) return code;
    return among.find((id) => this.#toEngine?.get(id) === code) ?? this.#toId.get(code);
  }

  /** The ids that an engine with these codes knows. An engine that names none has them all by the map. */
  idsOf(codes: readonly string[] | undefined): string[] {
    if (this.#toEngine === undefined) return [...(codes ?? [])];
    const ids = [...this.#toEngine.keys()];
    return codes === undefined ? ids : ids.filter((id) => codes.includes(this.#toEngine?.get(id) ?? ''));
  }
}
