/**
 * The application of `bench sip`, a process of its own: drachtio-srf, each call answered with the same description.
 * Prints the server's `hostport` when it takes calls.
 */
import Srf from 'drachtio-srf';
import type { App } from '../embedded/drachtio/harness.js';

const sdp =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n' +
  'm=audio 40000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n';

const app = new (Srf as unknown as new () => App)();
app.invite((req, res) => {
  app.createUAS(req, res, { localSdp: sdp }).catch(() => undefined); // sipp counts what fails
});
app.on('error', (error: Error) => {
  console.error(error.message);
  process.exit(1);
});
app.on('connect', (error: unknown, hostport: string) => {
  if (error instanceof Error) {
    console.error(error.message);
    process.exit(1);
  }
  console.log(JSON.stringify({ hostport }));
});
app.connect(JSON.parse(process.argv[2] ?? '{}') as object);
