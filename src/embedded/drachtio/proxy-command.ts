import type { AppMessage } from './app-message.js';

/** How a request is to be forwarded: the `proxy` frame of an application, or the instruction of a request handler. */
export interface ProxyCommand {
  /** Stay on the way of the dialog's later requests. */
  readonly recordRoute: boolean;
  /** Tell the application of each final response, and at the end. Else it is told at once that it is done. */
  readonly fullResponse: boolean;
  readonly followRedirects: boolean;
  /** All destinations at once; else one after the other. */
  readonly simultaneous: boolean;
  /** A destination that says nothing for so long is given up. Default: none but timer B. */
  readonly provisionalMs: number | undefined;
  /** A destination that has not answered finally for so long is given up. Default: none but timer C. */
  readonly finalMs: number | undefined;
  /** URIs, in the order to try them. */
  readonly destinations: readonly string[];
  /** Its headers go over those of the request. */
  readonly message: AppMessage | undefined;
}

/** `txn|remainInDialog|fullResponse|followRedirects|serial or simultaneous|2s|1500ms|DEST1|DEST2...` */
export function readProxyCommand(token: readonly string[], message: AppMessage | undefined): ProxyCommand {
  const [remain, full, follow, forking, provisional = '', final = '', ...destinations] = token;
  return {
    recordRoute: remain === 'remainInDialog',
    fullResponse: full === 'fullResponse',
    followRedirects: follow === 'followRedirects',
    simultaneous: forking === 'simultaneous',
    provisionalMs: readDuration(provisional),
    finalMs: readDuration(final),
    destinations: destinations.filter((destination) => destination !== ''),
    message,
  };
}

/** `2s`, `1500ms` -> milliseconds; anything else is no limit. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d{1,7})(ms|s)$/.exec(text.trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * (match[2] === 's' ? 1000 : 1);
  return ms > 0 ? ms : undefined;
}
