import { randomBytes } from 'node:crypto';
import t from 'tap';
import { classes, Message, methods, parseMessage } from 'werift';
import { bindingError, bindingResponse, readBindingRequest } from '../../../src/embedded/rtp/stun-message.js';

const PASSWORD = 'a-password-of-the-test-with-24';

/** As werift's ICE makes it. */
function request(password = PASSWORD, ...more: [string, unknown][]): Buffer {
  const message = new Message(methods.BINDING, classes.REQUEST);
  message.setAttribute('USERNAME', 'ours:theirs').setAttribute('PRIORITY', 1234);
  for (const [name, value] of more) message.setAttribute(name as 'PRIORITY', value as number);
  message.addMessageIntegrity(Buffer.from(password)).addFingerprint();
  return Buffer.from(message.bytes);
}

t.test('a check by werift is read, and its password checked', async (t) => {
  const read = readBindingRequest(request(PASSWORD, ['USE-CANDIDATE', null]), PASSWORD);
  t.match(read, { username: 'ours:theirs', isAuthentic: true, usesCandidate: true, saysControlled: false });
  t.equal(readBindingRequest(request('another'), PASSWORD)?.isAuthentic, false);
  t.equal(readBindingRequest(request(), PASSWORD)?.usesCandidate, false);
  t.equal(readBindingRequest(request(PASSWORD, ['ICE-CONTROLLED', 5n]), PASSWORD)?.saysControlled, true);
});

t.test('werift reads our answer: integrity, fingerprint, the address that we saw', async (t) => {
  const read = readBindingRequest(request(), PASSWORD);
  if (read === undefined) throw new Error('not read');
  for (const host of ['127.0.0.1', '::1', '2001:db8::1:2']) {
    const answer = parseMessage(
      bindingResponse(read, { host, port: 40_001 }, PASSWORD),
      Buffer.from(PASSWORD),
    );
    t.ok(answer, 'authentic');
    t.same(answer?.transactionId, read.transaction.subarray(4));
    const [seen, port] = answer?.getAttributeValue('XOR-MAPPED-ADDRESS') as unknown as [string, number];
    t.equal(port, 40_001);
    t.equal(
      new URL(`http://[${host.includes(':') ? seen : '::'}]`).hostname,
      new URL(`http://[${host.includes(':') ? host : '::'}]`).hostname,
    );
    if (!host.includes(':')) t.equal(seen, host);
  }
  const error = parseMessage(bindingError(read, 487, 'Role Conflict', PASSWORD), Buffer.from(PASSWORD));
  t.same(error?.getAttributeValue('ERROR-CODE'), [487, 'Role Conflict']);
});

t.test('what is cut, changed or made up is no check, and throws nothing', async (t) => {
  const whole = request();
  for (let length = 0; length < whole.length; length++)
    if (readBindingRequest(whole.subarray(0, length), PASSWORD) !== undefined) t.fail(`cut at ${length}`);
  for (let at = 0; at < 60; at++) {
    const wounded = Buffer.from(whole);
    wounded[at] = (wounded[at] ?? 0) ^ 0x11;
    if (readBindingRequest(wounded, PASSWORD)?.isAuthentic === true) t.fail(`byte ${at}`);
  }
  for (let i = 0; i < 500; i++) {
    const noise = randomBytes(100);
    whole.copy(noise, 0, 0, 8);
    noise.writeUInt16BE(80, 2);
    if (readBindingRequest(noise, PASSWORD)?.isAuthentic === true) t.fail('noise');
  }
  t.pass('none');
});
