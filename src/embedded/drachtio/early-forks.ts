import { cseqNumber } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import { mostForks } from '../sip/unwanted-answers.js';
import type { CallDialog, DialogTable } from './call-dialog.js';

/**
 * The early dialogs of one INVITE of ours, a fork each (RFC 3261 §12.1.2). An application has one id for all of them: it
 * means the fork that was heard last, but a PRACK goes to who sent the response that it acknowledges.
 */
export class EarlyForks {
  /** By To tag, the one heard last at the end. */
  readonly #byTag = new Map<string, CallDialog>();
  /** Reliable responses that the application has not acknowledged, as they came. */
  #unacknowledged: { readonly rack: string; readonly dialog: CallDialog }[] = [];

  constructor(private readonly dialogs: DialogTable) {}

  /** The dialog of a fork that has said something; `make` is called for a new one. */
  heard(tag: string, make: () => CallDialog): CallDialog {
    const dialog = this.#byTag.get(tag) ?? make();
    dialog.acknowledgedFork = (rack) => this.#acknowledged(rack);
    this.#byTag.delete(tag);
    this.#byTag.set(tag, dialog);
    this.dialogs.add(dialog);
    const [eldest] = this.#byTag.values();
    // Who rings under ever new tags is no set of phones.
    if (eldest !== undefined && this.#byTag.size > mostForks) this.#drop(eldest);
    return dialog;
  }

  /** A reliable provisional response. False: it came before, or out of order, and gets no PRACK (RFC 3262 §4). */
  reliable(dialog: CallDialog, invite: SipMessage, rseq: number): boolean {
    if (dialog.receivedRseq !== undefined && rseq !== dialog.receivedRseq + 1) return false;
    dialog.receivedRseq = rseq;
    this.#unacknowledged.push({ rack: `${rseq} ${cseqNumber(invite)}`, dialog });
    return true;
  }

  /** One has accepted: the others are over (RFC 3261 §13.2.2.4). Undefined: nobody has. */
  settle(winner: CallDialog | undefined): void {
    for (const dialog of this.#byTag.values()) if (dialog !== winner) this.#drop(dialog);
    if (winner !== undefined) winner.acknowledgedFork = undefined;
  }

  /** Whose response a PRACK of the application acknowledges. */
  #acknowledged(rack: string): CallDialog | undefined {
    const [rseq, cseq] = rack.trim().split(/\s+/);
    const index = this.#unacknowledged.findIndex((one) => one.rack === `${rseq} ${cseq}`);
    return index < 0 ? undefined : this.#unacknowledged.splice(index, 1)[0]?.dialog;
  }

  #drop(dialog: CallDialog): void {
    this.dialogs.remove(dialog);
    this.#byTag.delete(dialog.state.remoteTag);
    this.#unacknowledged = this.#unacknowledged.filter((one) => one.dialog !== dialog);
  }
}
