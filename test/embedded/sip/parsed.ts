import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { readMessage } from '../../../src/embedded/sip/parse-message.js';

/** A message with which nothing is wrong; throws the SIP_ error of any other. */
export function parseMessage(bytes: Buffer): SipMessage {
  const { message, problem } = readMessage(bytes);
  if (problem !== undefined) throw problem;
  if (message === undefined) throw new Error('no message and no problem');
  return message;
}
