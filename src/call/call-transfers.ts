import { TypedEmitter } from '../core/typed-emitter.js';
import type { TransferAction, TransferMethod } from '../dialog/action.js';
import type { TransferRecord } from '../store/call-record.js';
import type { Conversation } from './conversation.js';
import { Transfer, type TransferPorts, type TransferRequest } from './transfer.js';

/** What an operator asks for. */
export interface OperatorTransfer {
  readonly to: string;
  readonly by: TransferMethod;
}

export type CallTransfersEvents = {
  /** The call has done its work: the caller was handed on, or talked with whom an operator sent them to. */
  finished: [detail: string];
};

export interface CallTransfersOptions extends TransferPorts {
  readonly conversation: Conversation;
  readonly callingNumber: string;
  /** Whether this caller may choose whom we telephone (dial-policy.ts); the dialplan and operators always may. */
  readonly mayChooseAnyone: boolean;
  /** How long it rings when an operator transfers, ms. */
  readonly operatorRingMs?: number;
}

/** The transfers of one call, one at a time, and what they do to its dialog. Owned by the call. */
export class CallTransfers extends TypedEmitter<CallTransfersEvents> {
  readonly records: TransferRecord[] = [];
  #current: Transfer | undefined;

  constructor(private readonly options: CallTransfersOptions) {
    super();
    options.conversation.on('transfer', (action) => this.#byDialplan(action));
  }

  /** Takes the caller out of the dialog. False if that cannot be now: the caller is with somebody already. */
  byOperator({ to, by }: OperatorTransfer): boolean {
    const { conversation, operatorRingMs = 30_000 } = this.options;
    if (!conversation.interrupt()) return false;
    const transfer = this.#begin({ node: null, to, by, ringMs: operatorRingMs });
    transfer.on('over', (end) => {
      this.#current = undefined;
      if (end === 'answered') this.emit('finished', 'whom an operator had transferred the caller to hung up');
      else if (end === 'handedOn') this.emit('finished', handedOn);
      else conversation.transferred(end);
    });
    transfer.start();
    return true;
  }

  /** The call is over. Resolves when nobody else is held any more. Safe to call twice. */
  async close(): Promise<void> {
    await this.#current?.close();
  }

  #byDialplan(action: TransferAction): void {
    const { conversation, mayChooseAnyone, dialer } = this.options;
    const { node, to, shownAs, by, ringMs } = action;
    if (action.chosenByCaller && !mayChooseAnyone && !dialer.reachesUser(to)) {
      this.#refuse(action, 'refused', 'this caller may choose registered users only');
      return;
    }
    if (!isTarget(to)) {
      this.#refuse(action, 'failed', 'this is no number, no name and no sip: URI');
      return;
    }
    const transfer = this.#begin({ node, to, shownAs, by, ringMs });
    transfer.on('over', (end) => {
      this.#current = undefined;
      if (end === 'handedOn') this.emit('finished', handedOn);
      else conversation.transferred(end);
    });
    transfer.start();
  }

  #begin(request: Omit<TransferRequest, 'from' | 'dialect'>): Transfer {
    const { conversation, callingNumber } = this.options;
    const transfer = new Transfer(
      { ...request, from: callingNumber, dialect: conversation.dialect },
      this.options,
    );
    this.#current = transfer;
    return transfer.on('attempt', (record) => void this.records.push(record));
  }

  /** Nobody was called. */
  #refuse(action: TransferAction, outcome: 'refused' | 'failed', detail: string): void {
    const { conversation, journal, sinceAnswerMs } = this.options;
    const { node, to, shownAs = to } = action;
    const atMs = Math.round(sinceAnswerMs());
    const by = action.by === 'refer' ? 'refer' : 'bridge';
    journal.write('transfer', { node, to: shownAs, by });
    journal.write('transferEnded', { outcome, detail });
    const times = { startMs: atMs, answeredMs: null, endedMs: atMs };
    this.records.push({ node, to: shownAs, by, outcome, sipStatus: null, detail, ...times });
    conversation.transferred(outcome);
  }
}

const handedOn = 'the caller was handed on (REFER), and with that the recording ends';

/** Nothing that could end a header or an address and begin another. */
export function isTarget(to: string): boolean {
  return /^(sips?:[^\s<>"]{1,250}|[^\s<>"@:;,]{1,64})$/i.test(to);
}
