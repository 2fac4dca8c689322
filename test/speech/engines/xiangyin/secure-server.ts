import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import type { Test } from 'tap';
import { startReferenceServer } from '../../../../src/speech/engines/xiangyin/reference-server.js';
import { testTls } from '../../../embedded/sip/certificate.js';

/** What it wants as its token. */
export const secureServerToken = 'let me in';

export interface SecureServer {
  readonly url: string;
  /** What came to it, as bytes in latin1. */
  received(): string;
  /** The first connection has ended, or never got through its handshake. */
  readonly firstLeft: Promise<void>;
}

/** The reference server behind TLS, with the certificate of {@link testTls}. */
export async function secureServer(t: Test, host = '127.0.0.1'): Promise<SecureServer> {
  const plain = await startReferenceServer(0, secureServerToken);
  t.teardown(() => plain.close());
  const behind = Number(new URL(plain.url).port);
  let received = '';
  let left: () => void = () => undefined;
  const firstLeft = new Promise<void>((resolve) => (left = resolve));
  const identity = { cert: await readFile(testTls.certificate), key: await readFile(testTls.key) };
  const server = createServer(identity, (socket) => {
    socket.on('data', (bytes: Buffer) => (received += bytes.toString('latin1'))).on('close', left);
    const inner = connect(behind, '127.0.0.1');
    socket.pipe(inner).pipe(socket);
    socket.on('error', () => inner.destroy()).on('close', () => inner.destroy());
    inner.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  });
  server.on('tlsClientError', left);
  server.listen(0, host);
  await once(server, 'listening');
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return { url: `wss://${host}:${port}`, received: () => received, firstLeft };
}
