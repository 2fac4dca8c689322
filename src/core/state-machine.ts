/** Allowed moves: for each state, the states that may follow it. A final state has an empty list. */
export type TransitionTable<S extends string> = { readonly [From in S]: readonly S[] };

/**
 * The one place where a state changes. The owner keeps it private and calls {@link move} from one private method.
 * Repeating the present state is ignored; a move that the table does not have is refused and reported.
 */
export class StateMachine<S extends string> {
  #state: S;

  constructor(
    private readonly table: TransitionTable<S>,
    initial: S,
    /** Called after each change, with the state left and the state entered. */
    private readonly entered: (from: S, to: S) => void = () => undefined,
  ) {
    this.#state = initial;
  }

  get state(): S {
    return this.#state;
  }

  can(to: S): boolean {
    return this.table[this.#state].includes(to);
  }

  /** Moves if the table allows it. Returns whether the state changed. */
  move(to: S): boolean {
    const from = this.#state;
    if (from === to || !this.can(to)) return false;
    this.#state = to;
    this.entered(from, to);
    return true;
  }

  /** Whether nothing can follow. */
  get isFinal(): boolean {
    return this.table[this.#state].length === 0;
  }
}
