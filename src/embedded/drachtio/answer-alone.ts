import { makeResponse } from '../sip/make-message.js';
import type { Refusal } from '../sip/stateless-refusal.js';
import type { ServerTransaction } from '../sip/transaction-layer.js';

/** Answers a request without an application. */
export function answerAlone(
  transaction: ServerTransaction,
  { status, headers = {} }: Refusal,
  toTag?: string,
): void {
  const response = makeResponse(transaction.request, status, undefined, toTag);
  for (const [name, value] of Object.entries(headers)) response.append(name, value);
  transaction.respond(response);
}
