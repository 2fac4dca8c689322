import { errorCode } from '../core/errors.js';
import type { CollectAction, DialogAction, Prompt } from '../dialog/action.js';
import type { Recognizer } from '../speech/recognizer.js';

/**
 * What becomes of a question when no recognizer is left: it goes on by keys, and says so; one that has no keys is given
 * up (undefined), so that the dialplan's way out, a person or an end, is taken. Owned by the call.
 */
export class KeysInstead {
  /** A listening just failed for want of an engine. */
  #lost = false;
  #said = false;

  constructor(
    private readonly recognizer: Pick<Recognizer, 'hears'> | undefined,
    /** Words that ask for keys, in the dialect. */
    private readonly ask: (dialect: string) => Prompt | undefined,
  ) {}

  /** A listening failed. */
  failed(error: Error): void {
    if (errorCode(error) === 'SPEECH_NO_RECOGNIZER') this.#lost = true;
  }

  /** The actions as they are to be carried out; undefined: the question cannot be answered. */
  apply(
    actions: readonly DialogAction[],
    dialect: string,
    dialectsToHear: readonly string[],
  ): readonly DialogAction[] | undefined {
    const collect = actions.at(-1);
    if (collect?.type !== 'collect' || !takesSpeech(collect)) return actions;
    const gone = this.recognizer?.hears?.(dialectsToHear) === false;
    const lost = this.#lost;
    this.#lost = false;
    if (!gone) this.#said = false;
    if (!gone && !lost) return actions;
    if (collect.keys === undefined) return gone ? undefined : actions;
    const prompt = lost || !this.#said ? this.ask(dialect) : undefined;
    if (prompt === undefined) return actions;
    this.#said = true;
    return [{ type: 'say', node: collect.node, prompts: [prompt], bargeIn: 'speech' }, ...actions];
  }
}

function takesSpeech({ phrases, speech }: CollectAction): boolean {
  return phrases.length > 0 || speech !== undefined;
}
