/**
 * The junk of `bench flood`, a process of its own: what scanners, broken phones and strangers send, at an even rate until
 * its standard input ends. Prints one line of JSON.
 */
import { createSocket } from 'node:dgram';
import { random } from '../embedded/sip/lossy-link.js';
import * as application from '../embedded/sip/torture/application.js';
import * as invalid from '../embedded/sip/torture/invalid.js';
import { answerable } from '../embedded/sip/torture/torture-message.js';
import * as valid from '../embedded/sip/torture/valid.js';

export interface SenderTask {
  readonly port: number;
  readonly packetsPerSecond: number;
  readonly seed: number;
}

export interface SenderResult {
  readonly sent: number;
  readonly seconds: number;
}

const STEP_MS = 2;
/** Beyond this the sender is late; it goes on at its rate and does not make up for it in one burst. */
const LONGEST_BURST_MS = 20;

const torture = [application, invalid, valid]
  .flatMap((messages): unknown[] => Object.values(messages))
  .filter((message): message is Buffer => Buffer.isBuffer(message))
  .map(answerable);
const strays = ['ACK', 'BYE', 'CANCEL'];
const scans = ['INVITE', 'INVITE', 'OPTIONS', 'REGISTER'];

/** The next packet: torture, random bytes, strays and scans in the shares 1 : 1 : 1 : 3. */
function makeJunk(next: () => number, localPort: number): () => Buffer {
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(list: readonly T[]) => list[below(list.length)] as T;
  const name = () => below(2 ** 32).toString(36);
  const head = (startLine: string, method: string, toTag: string) => {
    const user = String(100 + below(9_900_000));
    return (
      `${startLine}\r\nVia: SIP/2.0/UDP 127.0.0.1:${localPort};rport;branch=z9hG4bK-${name()}${name()}\r\n` +
      `From: "${user}" <sip:${user}@127.0.0.1>;tag=${name()}\r\nTo: <sip:00${user}@127.0.0.1>${toTag}\r\n` +
      `Call-ID: ${name()}${name()}\r\nCSeq: ${1 + below(9)} ${method}\r\nMax-Forwards: 70\r\n` +
      `Contact: <sip:${user}@127.0.0.1:${localPort}>\r\nUser-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n`
    );
  };
  /** One character in three messages is another one. */
  const mutated = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    if (below(3) === 0) bytes[below(bytes.length)] = below(256);
    return bytes;
  };
  return () => {
    const kind = below(6);
    if (kind === 0) return pick(torture);
    if (kind === 1) return Buffer.from(Array.from({ length: 1 + below(600) }, () => below(256)));
    if (kind === 2) {
      const method = pick([...strays, 'response']);
      if (method === 'response') return mutated(head('SIP/2.0 200 OK', 'INVITE', `;tag=${name()}`));
      return mutated(head(`${method} sip:${name()}@127.0.0.1 SIP/2.0`, method, `;tag=${name()}`));
    }
    const method = pick(scans);
    return mutated(head(`${method} sip:00${below(9_900_000)}@127.0.0.1 SIP/2.0`, method, ''));
  };
}

async function main(task: SenderTask): Promise<SenderResult> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  socket.on('message', () => undefined); // the answers are read, and not looked at
  socket.on('error', () => undefined);
  const junk = makeJunk(random(task.seed), socket.address().port);
  const startMs = performance.now();
  let sent = 0;
  let owed = 0;
  let lastMs = startMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    owed += (Math.min(nowMs - lastMs, LONGEST_BURST_MS) / 1000) * task.packetsPerSecond;
    lastMs = nowMs;
    for (; owed >= 1; owed--) {
      socket.send(junk(), task.port, '127.0.0.1');
      sent++;
    }
  }, STEP_MS);
  await new Promise((resolve) => process.stdin.resume().once('end', resolve));
  clearInterval(timer);
  const seconds = (performance.now() - startMs) / 1000;
  socket.close();
  return { sent, seconds };
}

console.log(JSON.stringify(await main(JSON.parse(process.argv[2] ?? '{}') as SenderTask)));
