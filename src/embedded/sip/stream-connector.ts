import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import WebSocket from 'ws';
import { formatHostPort } from '../../core/address.js';
import { maxMessageBytes } from './parse-message.js';
import { sipSubprotocol } from './stream-acceptor.js';
import { checkSipIdentity, type TlsIdentity } from './tls-identity.js';
import type { Target } from './transport.js';

/** Opens a TCP connection, with TLS if an identity is given; `opened` when messages may leave. */
export function connectSocket(target: Target, tls: TlsIdentity | undefined, opened: () => void): Socket {
  const { host, port } = target;
  if (tls === undefined) {
    const socket = connectTcp({ host, port, noDelay: true });
    return socket.once('connect', opened);
  }
  const socket = connectTls({ host, port, ...tlsOptions(target, tls) });
  socket.setNoDelay(true);
  return socket.once('secureConnect', opened);
}

/** Opens a WebSocket; `carried` when the socket below is known, `opened` when messages may leave. */
export function connectWebSocket(
  target: Target,
  tls: TlsIdentity | undefined,
  carried: (socket: Socket) => void,
  opened: () => void,
): WebSocket {
  const url = `${tls === undefined ? 'ws' : 'wss'}://${formatHostPort(target)}/`;
  const webSocket = new WebSocket(url, sipSubprotocol, {
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
    // as tls.connect takes them; the types of ws know an older checkServerIdentity
    ...(tls !== undefined && (tlsOptions(target, tls) as object)),
  });
  webSocket.once('upgrade', (response) => carried(response.socket));
  return webSocket.once('open', opened);
}

/** The certificate must bear the name that was asked for, not the one that DNS gave for it (RFC 5922 §4). */
function tlsOptions({ host, serverName }: Target, tls: TlsIdentity) {
  const name = serverName ?? host;
  return {
    secureContext: tls.client,
    rejectUnauthorized: tls.verifyPeer,
    checkServerIdentity: checkSipIdentity,
    ...(isIP(name) === 0 && { servername: name }),
  };
}
