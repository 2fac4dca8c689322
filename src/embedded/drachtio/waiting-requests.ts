import { randomUUID } from 'node:crypto';
import type { Timer } from '../../core/clock.js';
import { cseqNumber } from '../sip/make-message.js';
import type { SipMessage } from '../sip/message.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';
import type { AppConnection, SipCommand } from './app-connection.js';
import { dialogIdOf, type CallDialog } from './call-dialog.js';
import type { ReliableResponses } from './reliable-responses.js';

/** A request of the network that an application has not answered finally. */
export interface Waiting {
  readonly txn: string;
  readonly transaction: ServerTransaction;
  /** Undefined while a request handler is asked for one. */
  app: AppConnection | undefined;
  readonly dialogId: string;
  /** Whether it came inside a dialog. */
  readonly inDialog: boolean;
  toTag: string;
  dialog: CallDialog | undefined;
  unanswered: Timer | undefined;
  reliable: ReliableResponses | undefined;
  /** A 2xx that waits for a PRACK; the application has given its last word. */
  held: SipCommand | undefined;
}

/** All of them: by the id that applications use, by transaction, and INVITEs by what two ways of one have in common. */
export class WaitingRequests {
  readonly #byTxn = new Map<string, Waiting>();
  readonly #byTransaction = new Map<ServerTransaction, Waiting>();
  /** INVITEs outside a dialog, by {@link inviteKey}. */
  readonly #invites = new Map<string, Waiting>();

  byTxn(txn: string): Waiting | undefined {
    return this.#byTxn.get(txn);
  }

  byTransaction(transaction: ServerTransaction): Waiting | undefined {
    return this.#byTransaction.get(transaction);
  }

  /** The INVITE that made an early dialog, if nobody has answered it finally. */
  inviteOf(dialog: CallDialog): Waiting | undefined {
    for (const waiting of this.#invites.values()) if (waiting.dialog === dialog) return waiting;
    return undefined;
  }

  of(app: AppConnection): Waiting[] {
    return [...this.#byTxn.values()].filter((waiting) => waiting.app === app);
  }

  /** Whether the same INVITE waits that came by another way (RFC 3261 §8.2.2.2). */
  hasInvite(request: SipMessage): boolean {
    return this.#invites.has(inviteKey(request));
  }

  add(
    transaction: ServerTransaction,
    app: AppConnection | undefined,
    dialogId: string,
    toTag: string,
    dialog: CallDialog | undefined,
  ): Waiting {
    const waiting: Waiting = {
      txn: randomUUID(),
      transaction,
      app,
      dialogId,
      inDialog: dialog !== undefined,
      toTag,
      dialog,
      unanswered: undefined,
      reliable: undefined,
      held: undefined,
    };
    this.#byTxn.set(waiting.txn, waiting);
    this.#byTransaction.set(transaction, waiting);
    if (!waiting.inDialog && transaction.request.method === 'INVITE') {
      this.#invites.set(inviteKey(transaction.request), waiting);
    }
    return waiting;
  }

  /** It is answered, or over; an answer that waits for a PRACK is refused to its application. Safe to call twice. */
  forget(waiting: Waiting): void {
    const { transaction, dialog, reliable, held } = waiting;
    waiting.unanswered?.cancel();
    reliable?.stop();
    this.#byTxn.delete(waiting.txn);
    this.#byTransaction.delete(transaction);
    const key = inviteKey(transaction.request);
    if (this.#invites.get(key) === waiting) this.#invites.delete(key);
    if (dialog !== undefined && reliable !== undefined && dialog.reliable === reliable) {
      dialog.reliable = undefined;
    }
    waiting.held = undefined;
    if (held !== undefined) waiting.app?.nok(held.messageId, 'Response not sent due to missing PRACK');
  }

  /** Stops all timers; tells nobody. */
  close(): void {
    for (const waiting of this.#byTxn.values()) {
      waiting.unanswered?.cancel();
      waiting.reliable?.stop();
    }
    this.#byTxn.clear();
    this.#byTransaction.clear();
    this.#invites.clear();
  }
}

/** The same for the same INVITE that came by two ways (RFC 3261 §8.2.2.2). */
function inviteKey(request: SipMessage): string {
  return `${dialogIdOf(request)}|${cseqNumber(request)}`;
}
