import { randomUUID } from 'node:crypto';
import type { HostPort } from '../../core/address.js';
import type { SipMessage } from '../sip/message.js';
import type { ClientTransaction } from '../sip/transaction.js';
import type { TransactionLayer } from '../sip/transaction-layer.js';
import { transportParam, type Listener } from '../sip/transport.js';
import { uriHost } from '../sip/uri.js';
import type { AppConnection } from './app-connection.js';
import type { AppRegistry } from './app-registry.js';
import { DialogTable, type CallDialog } from './call-dialog.js';
import { EarlyNotifies } from './early-notifies.js';
import { networkLeader, timeOfDay, unsolicitedLeader, type Hop } from './leader.js';
import { RegisteredConnections } from './registered-connections.js';

/** Which way a call-detail record saw its call. */
type Role = 'uas' | 'uac' | 'proxy-uas' | 'proxy-uac';
export type StopReason =
  'call-rejected' | 'call-canceled' | 'normal-release' | 'session-expired' | 'system-initiated-termination';

/** A peer that no URI of its dialog leads to. */
const nowhere: Hop = { protocol: 'udp', host: '0.0.0.0', port: 0 };

/** What both halves of the server (towards callers, towards called) stand on. */
export class CallContext {
  readonly earlyNotifies: EarlyNotifies;
  readonly registered: RegisteredConnections;
  /** Our own BYEs under way, by the dialog that they end. */
  readonly #hangingUp = new Map<string, ClientTransaction>();

  constructor(
    readonly layer: TransactionLayer,
    readonly dialogs: DialogTable,
    readonly apps: AppRegistry,
  ) {
    this.earlyNotifies = new EarlyNotifies(layer.clock);
    this.registered = new RegisteredConnections(layer.clock);
  }

  /** Hot: hands a message from the network to an application. */
  up(app: AppConnection, message: SipMessage, hop: Hop, txn: string, dialogId: string): void {
    const bytes = message.toBuffer();
    app.send(networkLeader(bytes.length, hop, this.layer.clock.wallMs(), txn, dialogId), bytes);
  }

  /** `host:port` of ours as `remoteHost` reaches it. */
  ownAddress(listener: Listener, remoteHost: string, forRequest: boolean): HostPort {
    return this.layer.transport.advertised(listener, remoteHost, forRequest);
  }

  contact(listener: Listener, own: HostPort): string {
    return `<sip:${uriHost(own.host)}:${own.port}${transportParam(listener.address.protocol)}>`;
  }

  /**
   * Hangs up by ourselves, and tells the application with a BYE that it did not send. The dialog is gone at once.
   * `text` becomes the reason of the application's 'destroy' event, `stop` that of the call-detail record.
   */
  hangUp(dialog: CallDialog, text: string, stop: StopReason): void {
    this.dialogs.remove(dialog);
    const bye = dialog.state.buildRequest('BYE');
    bye.append('Reason', `SIP ;cause=200 ;text="${text}"`);
    const target = dialog.state.target();
    const key = DialogTable.keyOf(dialog.state);
    try {
      if (target !== undefined) {
        const sent = this.layer.request(bye, target, ({ status }) => {
          if (status >= 200) this.#hangingUp.delete(key);
        });
        this.#hangingUp.set(key, sent);
      }
    } catch {
      // No transport leads to the peer, but the application waits for the end of its call.
    }
    this.cdrStop('application', bye, stop);
    const bytes = bye.toBuffer();
    const wallMs = this.layer.clock.wallMs();
    dialog.app?.send(unsolicitedLeader(bytes.length, target ?? nowhere, wallMs, dialog.id), bytes);
  }

  /**
   * Whether a BYE of the peer crossed ours of {@link hangUp}. Then both know that it is over, and ours is not sent again: who has
   * just hung up may be gone.
   */
  hasCrossed(bye: SipMessage): boolean {
    const key = DialogTable.keyOfRequest(bye);
    const ours = this.#hangingUp.get(key);
    ours?.abandon();
    return this.#hangingUp.delete(key);
  }

  cdrAttempt(source: 'network' | 'application', message: SipMessage): void {
    this.#cdr('cdr:attempt', source, message, '');
  }

  cdrStart(source: 'network' | 'application', message: SipMessage, role: Role): void {
    this.#cdr('cdr:start', source, message, `|${role}`);
  }

  cdrStop(source: 'network' | 'application', message: SipMessage, reason: StopReason): void {
    this.#cdr('cdr:stop', source, message, `|${reason}`);
  }

  #cdr(verb: string, source: string, message: SipMessage, rest: string): void {
    const app = this.apps.next(verb);
    if (app === undefined) return;
    const time = timeOfDay(this.layer.clock.wallMs());
    app.send(`${randomUUID()}|${verb}|${source}|${time}${rest}`, message.toBuffer());
  }
}
