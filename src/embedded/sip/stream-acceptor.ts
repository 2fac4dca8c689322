import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import { maxMessageBytes } from './parse-message.js';

/** The WebSocket subprotocol of SIP (RFC 7118 §4.1). */
export const sipSubprotocol = 'sip';

/** Takes a socket that has just come in. */
export type Accept = (socket: Socket) => void;

/** Does the TLS handshake, then `accept`. What fails in it is told to `trouble`; the socket is gone then. */
export function acceptTls(
  certificate: SecureContextOptions,
  handshakeMs: number,
  accept: Accept,
  trouble: (error: Error, from: string) => void,
): Accept {
  const server = createTlsServer({ ...certificate, handshakeTimeout: handshakeMs });
  server.on('secureConnection', accept);
  server.on('tlsClientError', (error, socket) => {
    trouble(error, socket.remoteAddress ?? '');
    socket.destroy();
  });
  return (socket) => void server.emit('connection', socket);
}

/** Does the WebSocket handshake, then `accept`. Whoever does not speak SIP in it is refused. */
export function acceptWebSocket(accept: (webSocket: WebSocket, socket: Socket) => void): Accept {
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: () => sipSubprotocol,
  });
  const server = createHttpServer({ maxHeaderSize: 8192 });
  server.on('request', (_request, response) => {
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end();
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('upgrade', (request, duplex, head) => {
    const socket = duplex as Socket; // sockets are all that is put in
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
    if (offered?.includes(sipSubprotocol) !== true) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, socket));
  });
  return (socket) => void server.emit('connection', socket);
}
