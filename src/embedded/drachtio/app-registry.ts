import type { AppConnection } from './app-connection.js';

/** Which application takes which kind of request: per verb, in turn. */
export class AppRegistry {
  readonly #routes = new Map<string, AppConnection[]>();
  readonly #turns = new Map<string, number>();

  /** `verb` is a method in lower case, or `cdr:attempt` and the like. */
  add(app: AppConnection, verb: string): void {
    const apps = this.#routes.get(verb) ?? [];
    if (!apps.includes(app)) this.#routes.set(verb, [...apps, app]);
  }

  remove(app: AppConnection, verb: string): void {
    const rest = (this.#routes.get(verb) ?? []).filter((other) => other !== app);
    if (rest.length > 0) this.#routes.set(verb, rest);
    else this.#routes.delete(verb);
  }

  removeAll(app: AppConnection): void {
    for (const verb of [...this.#routes.keys()]) this.remove(app, verb);
  }

  /** Whether anybody asked for that verb. */
  has(verb: string): boolean {
    return this.#routes.has(verb);
  }

  /** Whose turn it is for that verb, among all or those with a tag; undefined when nobody asked for it. */
  next(verb: string, tag?: string): AppConnection | undefined {
    let apps = this.#routes.get(verb);
    if (apps === undefined) return undefined;
    if (tag !== undefined) {
      apps = apps.filter((app) => app.tags.includes(tag));
      if (apps.length === 0) return undefined;
    }
    const turn = this.#turns.get(verb) ?? 0;
    this.#turns.set(verb, turn + 1);
    return apps[turn % apps.length];
  }
}
