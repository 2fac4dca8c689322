import { randomUUID } from 'node:crypto';
import type { HostPort } from '../../core/address.js';
import type { Protocol } from '../sip/transport.js';

/** Where a message came from or left by, as leaders tell it. */
export interface Hop extends HostPort {
  readonly protocol: Protocol;
}

/** `HH:MM:SS.uuuuuu`, UTC. */
export function timeOfDay(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(11, 23)}000`;
}

/** As drachtio-server 0.9.10 tells it: both WebSockets are tcp. The greeting names them as they are. */
function protocolName(protocol: Protocol): string {
  return protocol === 'ws' || protocol === 'wss' ? 'tcp' : protocol;
}

function facts(bytes: number, hop: Hop, wallMs: number): string {
  return `${bytes}|${protocolName(hop.protocol)}|${hop.host}|${hop.port}|${timeOfDay(wallMs)}`;
}

/** A new request from the network, outside any dialog; `listener` is the address of ours that it reached. */
export function newRequestLeader(
  bytes: number,
  hop: Hop,
  wallMs: number,
  txn: string,
  listener: HostPort,
): string {
  const reached = `${listener.host}|${listener.port}|`;
  return `${randomUUID()}|sip|network|${facts(bytes, hop, wallMs)}|${txn}||${reached}`;
}

/** A request inside a dialog or a response, from the network. */
export function networkLeader(
  bytes: number,
  hop: Hop,
  wallMs: number,
  txn: string,
  dialogId: string,
): string {
  return `${randomUUID()}|sip|network|${facts(bytes, hop, wallMs)}|${txn}|${dialogId}|`;
}

/** A BYE that we sent by ourselves. */
export function unsolicitedLeader(bytes: number, hop: Hop, wallMs: number, dialogId: string): string {
  return `${randomUUID()}|sip|application|${facts(bytes, hop, wallMs)}|unsolicited|${dialogId}|`;
}

/** "Sent": the echo of an application's request or response follows. Responses and requests in a dialog tell its id. */
export function sentLeader(
  messageId: string,
  bytes: number,
  hop: Hop,
  wallMs: number,
  txn: string,
  dialogId: string | undefined,
): string {
  const dialog = dialogId === undefined ? '' : `${dialogId}||`;
  return `${randomUUID()}|response|${messageId}|OK|application|${facts(bytes, hop, wallMs)}|${txn}|${dialog}Msg sent:|`;
}

/** A final response to a request that we forward, for the application that ordered it; more follows. */
export function proxiedLeader(messageId: string, bytes: number, hop: Hop, wallMs: number): string {
  return `${randomUUID()}|response|${messageId}|OK|network|${facts(bytes, hop, wallMs)}|||continue`;
}

/** A reply without a SIP message: `OK|...`, `NO|...`, `NOK|...`. */
export function replyLeader(messageId: string, outcome: string): string {
  return `${randomUUID()}|response|${messageId}|${outcome}`;
}
