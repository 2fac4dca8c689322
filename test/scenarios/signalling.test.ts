import t from 'tap';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { callDesk, GOODBYE, leftAbove, newestRecord, records, startDesk, WEATHER, WELCOME } from './desk.js';

t.setTimeout(85_000);
const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
t.teardown(() => synthesizer?.close());
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

if (skip === false) {
  const server = await startDesk(t);
  const call = (steps: string, more: { head?: string; number?: string } = {}) =>
    callDesk(server, steps, { synthesizer, ...more });
  const kept = async () => (await records(server)).length;

  // Callers mostly listen, so two call at once; but who counts what is left is alone.
  t.jobs = 2;
  const alone = { buffered: false };

  t.test('hanging up in the middle of a prompt ends everything once', alone, async (t) => {
    const idle = await server.counts();
    const known = await kept();
    const report = await call('  - expect: speech\n  - wait: 300\n  - hangup\n');
    t.equal(report.failure, undefined);
    t.match(await newestRecord(server, known), { endReason: 'remote-bye' });
    t.same(await leftAbove(server, idle), {});
  });

  t.test('giving up before the answer leaves nothing', alone, async (t) => {
    const idle = await server.counts();
    const known = await kept();
    for (const waitMs of [0, 5, 15]) {
      const report = await call(`  - wait: ${waitMs}\n  - hangup\n`);
      t.equal(report.failure, undefined, `after ${waitMs} ms`);
    }
    const record = await newestRecord(server, known + 2);
    t.match(record.endReason, /^(cancelled|remote-bye)$/);
    t.same(await leftAbove(server, idle), {});
  });

  t.test('hold and back: the call goes on', async (t) => {
    const report = await call(`
  - expect: { phrases: [${WELCOME}] }
  - hold
  - wait: 400
  - resume
  - press: "1"
  - expect: { phrases: [${WEATHER}] }
  - hangup
`);
    t.equal(report.failure, undefined);
  });

  t.test('an INVITE without an offer is answered as well', async (t) => {
    const report = await call(
      `
  - expect: { phrases: [${WELCOME}] }
  - press: "2"
  - expect: { phrases: [${GOODBYE}] }
  - expectHangup
`,
      { head: 'offer: none' },
    );
    t.equal(report.failure, undefined);
  });

  t.test('keys by INFO count like the others', async (t) => {
    const report = await call(
      `
  - expect: { phrases: [${WELCOME}] }
  - press: { keys: "2", via: info }
  - expect: { phrases: [${GOODBYE}] }
  - expectHangup
`,
      { number: '2011' },
    );
    t.equal(report.failure, undefined);
    const record = await newestRecord(server, 0, '2011');
    t.equal(record.turns[0]?.heard, '2');
  });

  t.test('a number that nobody has is refused with 404', async (t) => {
    const report = await callDesk(server, '  - expectRefusal: { status: 404 }\n', { number: '9999' });
    t.equal(report.failure, undefined);
  });
} else {
  t.test('what may cross a call on the wire', { skip }, async () => undefined);
}
