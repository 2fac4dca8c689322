import fc from 'fast-check';
import t from 'tap';
import { StreamFramer } from '../../../src/embedded/sip/stream-framer.js';

const one = 'OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\nX: y\r\n\r\nhello';
const two = 'SIP/2.0 200 OK\r\nl:0\r\n\r\n';

t.test('messages and pings are cut right, however the stream is chopped', (t) => {
  const stream = Buffer.from(`${one}\r\n\r\n${two}\r\n${one}\r\n\r\n\r\n\r\n${two}`);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 200 }), (sizes) => {
      const seen: string[] = [];
      let pings = 0;
      const framer = new StreamFramer(
        (bytes) => void seen.push(bytes.toString()),
        () => pings++,
      );
      let at = 0;
      for (let i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length] ?? 1;
        framer.push(stream.subarray(at, at + size));
        at += size;
      }
      t.equal(seen.join('|') === [one, two, one, two].join('|') && pings === 3, true);
    }),
    { numRuns: 60 },
  );
  t.end();
});

t.test('a stream that cannot be followed is refused', (t) => {
  const framer = (): StreamFramer =>
    new StreamFramer(
      () => undefined,
      () => undefined,
    );
  t.throws(() => framer().push(Buffer.from('OPTIONS sip:a SIP/2.0\r\nX: y\r\n\r\n')), {
    code: 'SIP_MALFORMED_HEADER',
  });
  t.throws(() => framer().push(Buffer.alloc(70_000, 0x41)), { code: 'SIP_MESSAGE_TOO_LARGE' });
  const huge = Buffer.from('OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999\r\n\r\n');
  t.throws(() => framer().push(huge), { code: 'SIP_MESSAGE_TOO_LARGE' });
  t.end();
});

t.test('a CR that begins no line end begins a message, which is bounded like any other', (t) => {
  const seen: string[] = [];
  const framer = new StreamFramer(
    (bytes) => void seen.push(bytes.toString()),
    () => undefined,
  );
  for (const byte of `\r${two}${one}`) framer.push(Buffer.from(byte));
  t.same(seen, [`\r${two}`, one]);
  framer.push(Buffer.from('\r'));
  t.throws(
    () => {
      for (let pushed = 0; pushed < 100; pushed++) framer.push(Buffer.alloc(1000, 0x41));
    },
    { code: 'SIP_MESSAGE_TOO_LARGE' },
  );
  t.end();
});
