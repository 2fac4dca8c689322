import type { Clock } from '../core/clock.js';
import { fallbackChain, isDialectId } from '../dialect/catalogue.js';
import { engineFailed, engineStateChanged, type EngineRole, type FailureKind } from './channels.js';
import { CircuitBreaker, type BreakerOptions, type BreakerState } from './circuit-breaker.js';

/** One engine of a chain, and how it is used there. The chain closes it. */
export interface EngineOfChain<Engine, Deadlines> {
  readonly engine: Engine;
  /** Where they differ from the chain's. */
  readonly deadlines?: Partial<Deadlines>;
  /** Only for these dialects. Default: all that its capabilities name. */
  readonly dialects?: readonly string[];
}

export type BreakerRules = Omit<BreakerOptions, 'clock' | 'changed'>;

export interface EngineLineOptions<Engine, Deadlines> {
  readonly role: EngineRole;
  /** The preferred first. */
  readonly engines: readonly EngineOfChain<Engine, Deadlines>[];
  readonly deadlines: Deadlines;
  readonly breaker?: BreakerRules;
  readonly clock: Clock;
}

/** What every engine has that a chain asks for. */
interface Named {
  readonly name: string;
  readonly capabilities: { readonly dialects: readonly string[] };
}

/** An engine with its deadlines and its circuit breaker. */
export class LinedEngine<Engine extends Named, Deadlines> {
  readonly breaker: CircuitBreaker;

  constructor(
    private readonly role: EngineRole,
    readonly engine: Engine,
    readonly deadlines: Deadlines,
    private readonly only: readonly string[] | undefined,
    clock: Clock,
    rules: BreakerRules,
  ) {
    this.breaker = new CircuitBreaker({
      ...rules,
      clock,
      changed: (from, to) => engineStateChanged.publish({ role, engine: engine.name, from, to }),
    });
  }

  get name(): string {
    return this.engine.name;
  }

  /** Whether it is worth asking in this dialect. One that has not learnt its dialects yet (it never connected) is. */
  knows(dialect: string): boolean {
    if (this.only !== undefined && !this.only.includes(dialect)) return false;
    const { dialects } = this.engine.capabilities;
    return dialects.length === 0 || dialects.includes(dialect);
  }

  /** The dialect to ask for: the nearest relative that it knows, its voice reads the words better than nobody. */
  nearest(dialect: string): string {
    if (this.knows(dialect) || !isDialectId(dialect)) return dialect;
    return fallbackChain(dialect).find((id) => this.knows(id)) ?? dialect;
  }

  /** Tells those who watch. `code` is the error's, never its text. */
  failed(kind: FailureKind, code = ''): void {
    engineFailed.publish({ role: this.role, engine: this.name, kind, code });
  }
}

/** The engines of one kind, in the order in which they are asked. */
export class EngineLine<Engine extends Named, Deadlines> {
  readonly all: readonly LinedEngine<Engine, Deadlines>[];

  constructor({ role, engines, deadlines, breaker = {}, clock }: EngineLineOptions<Engine, Deadlines>) {
    this.all = engines.map(
      (entry) =>
        new LinedEngine(
          role,
          entry.engine,
          { ...deadlines, ...entry.deadlines },
          entry.dialects,
          clock,
          breaker,
        ),
    );
  }

  /** State of each engine by its name. */
  get states(): ReadonlyMap<string, BreakerState> {
    return new Map(this.all.map(({ name, breaker }) => [name, breaker.state]));
  }

  /**
   * Those for these dialects, the likeliest dialect first: who knows it goes before who knows only another. Engines that
   * know a dialect's relative (its fallback chain) come last: better understood badly than not at all; not if `relatives`
   * is false.
   */
  for(dialects: readonly string[], relatives = true): readonly LinedEngine<Engine, Deadlines>[] {
    const found = new Set<LinedEngine<Engine, Deadlines>>();
    const alike = relatives ? dialects.flatMap((id) => (isDialectId(id) ? fallbackChain(id) : [])) : [];
    for (const dialect of [...dialects, ...alike]) {
      for (const one of this.all) if (one.knows(dialect)) found.add(one);
    }
    return [...found];
  }
}

/** The asked rate if the engine has it, else the next better, else its best. */
export function nearestRateHz(ratesHz: readonly number[], askedHz: number): number {
  if (ratesHz.length === 0 || ratesHz.includes(askedHz)) return askedHz;
  const better = ratesHz.filter((rate) => rate > askedHz);
  return better.length > 0 ? Math.min(...better) : Math.max(...ratesHz);
}
