import type { DialogState } from '../dialog/dialog-state.js';
import type { Dialplan } from '../dialog/dialplan.js';
import { nextPrompts } from '../dialog/next-prompts.js';
import type { Manner } from './manner.js';
import type { PromptSources } from './prompt-player.js';

/** No engine is kept busy, or paid, for more than so many sentences of which one is said. */
const mostAhead = 8;

/**
 * While the caller speaks, what may be said next is made, so that the first packet of it leaves with the tick after his
 * last word. It is only made, never begun: no wrong start can be heard. Owned by the call.
 */
export class Speculation {
  #wanted: AbortController | undefined;

  constructor(
    private readonly dialplan: Dialplan,
    private readonly sources: Pick<PromptSources, 'prepare' | 'recorded'>,
  ) {}

  /** The caller began to speak in this state; what was made for an earlier one is forgotten. */
  begin(state: DialogState, manner: Manner): void {
    const { prepare, recorded } = this.sources;
    this.close();
    if (prepare === undefined) return;
    const prompts = nextPrompts(this.dialplan, state).filter(
      (prompt) => prompt.recorded === undefined || recorded(prompt.recorded, prompt.dialect) === undefined,
    );
    const wanted = new AbortController();
    this.#wanted = wanted;
    const requests = prompts
      .slice(0, mostAhead)
      .map(({ text, dialect, rate = 1 }) => ({ text, dialect, rate: rate * manner.rate }));
    if (requests.length > 0) void prepare(requests, { background: true, signal: wanted.signal });
  }

  /** Nothing of it is said any more. Safe to call twice. */
  close(): void {
    this.#wanted?.abort();
    this.#wanted = undefined;
  }
}
