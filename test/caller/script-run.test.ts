import t from 'tap';
import type { CallerAction, CallerEvent } from '../../src/caller/caller-event.js';
import { parseScript } from '../../src/caller/load-script.js';
import { ScriptRun } from '../../src/caller/script-run.js';

/** Plays events into a script; the first number is the time. */
function start(steps: string) {
  const run = new ScriptRun(parseScript(`limitMs: 60000\nsteps:\n${steps}`, 'test.yaml'));
  const tell = (event: CallerEvent): readonly CallerAction[] => run.step(event, event.atMs);
  const types = (event: CallerEvent): string[] =>
    tell(event)
      .map((action) => (action.type === 'timer' ? `${action.id} ${action.delayMs}` : action.type))
      .filter((type) => type !== 'cancelTimer');
  return { run, tell, types };
}

t.test('a call by the book: answer, sentence, key, hangup', async (t) => {
  const { run, types } = start(
    '  - expectAnswer\n  - expect: { phrases: [hello] }\n  - press: "1"\n  - hangup\n',
  );
  t.same(types({ type: 'start', atMs: 0 }), ['invite', 'call 60000', 'limit 10000']);
  t.same(types({ type: 'answered', atMs: 30 }), ['limit 10000']);
  t.same(types({ type: 'speechStart', silenceMs: Infinity, atMs: 80 }), []);
  t.same(types({ type: 'heard', text: 'hello', confidence: 0.9, startMs: 80, atMs: 900 }), ['input']);
  t.same(types({ type: 'inputBegan', atMs: 1000 }), []);
  t.same(types({ type: 'inputDone', atMs: 1080 }), ['limit 5000', 'bye']);
  t.same(types({ type: 'byeDone', atMs: 1100 }), ['finish']);
  t.match(run.outcome, { ok: true, answeredMs: 30, endedBy: 'caller', endedMs: 1080 });
  t.same(types({ type: 'farEndHangup', atMs: 1200 }), [], 'nothing after the end');
});

t.test('a limit that passes fails the script with the line, and hangs up', async (t) => {
  const { run, types } = start('  - expectAnswer\n  - expect: { phrases: [hello], withinMs: 3000 }\n');
  types({ type: 'start', atMs: 0 });
  types({ type: 'answered', atMs: 30 });
  types({ type: 'heard', text: 'goodbye', confidence: 1, startMs: 40, atMs: 500 });
  t.same(types({ type: 'timer', id: 'limit', atMs: 3030 }), ['limit 5000', 'bye']);
  types({ type: 'byeDone', atMs: 3040 });
  t.match(run.outcome, { ok: false, failure: 'line 4 (an expected sentence): not within 3000 ms' });
});

t.test('steps wait for the answer by themselves, and for no longer than ten seconds', async (t) => {
  const { run, types } = start('  - press: "1"\n');
  t.same(types({ type: 'start', atMs: 0 }), ['invite', 'call 60000', 'limit 10000']);
  t.same(types({ type: 'timer', id: 'limit', atMs: 10_000 }), ['limit 5000', 'cancel']);
  t.same(types({ type: 'refused', status: 487, reason: '', atMs: 10_010 }), ['finish']);
  t.match(run.outcome, { ok: false, failure: /no answer within 10000 ms/, endedBy: 'caller' });
});

t.test('what was said before the last key does not fulfil an expectation', async (t) => {
  const { run, types } = start('  - press: "1"\n  - expect: { phrases: [menu] }\n');
  types({ type: 'start', atMs: 0 });
  types({ type: 'answered', atMs: 10 });
  types({ type: 'inputBegan', atMs: 500 });
  types({ type: 'inputDone', atMs: 580 });
  t.same(types({ type: 'heard', text: 'menu', confidence: 1, startMs: 400, atMs: 900 }), []);
  t.ok(types({ type: 'heard', text: 'menu', confidence: 1, startMs: 950, atMs: 1400 }).includes('bye'));
  t.equal(run.outcome.ok, true);
});

t.test('a sentence heard while another step waited still counts', async (t) => {
  const { types } = start('  - wait: 2000\n  - expect: { phrases: [menu] }\n');
  types({ type: 'start', atMs: 0 });
  types({ type: 'answered', atMs: 10 });
  types({ type: 'heard', text: 'menu', confidence: 1, startMs: 100, atMs: 900 });
  t.ok(types({ type: 'timer', id: 'pause', atMs: 2000 }).includes('bye'));
});

t.test('a barge-in waits for speech, then for its time, then interrupts', async (t) => {
  const { types } = start('  - bargeIn: { afterMs: 300, press: "2" }\n  - hangup\n');
  types({ type: 'start', atMs: 0 });
  t.same(types({ type: 'answered', atMs: 10 }), ['limit 10000']);
  t.same(types({ type: 'speechStart', silenceMs: Infinity, atMs: 100 }), ['pause 300']);
  t.same(types({ type: 'speechEnd', atMs: 200 }), []);
  t.same(types({ type: 'timer', id: 'pause', atMs: 400 }), ['input']);
  t.ok(types({ type: 'inputDone', atMs: 500 }).includes('bye'));
});

t.test('silence is counted from the last audible sample, and anew after speech', async (t) => {
  const { types } = start('  - expect: { silence: { forMs: 500 }, withinMs: 9000 }\n  - hangup\n');
  types({ type: 'start', atMs: 0 });
  t.same(types({ type: 'answered', atMs: 100 }), ['limit 9000', 'pause 500']);
  t.same(types({ type: 'speechStart', silenceMs: Infinity, atMs: 300 }), []);
  t.same(types({ type: 'speechEnd', atMs: 1000 }), ['pause 500']);
  t.ok(types({ type: 'timer', id: 'pause', atMs: 1500 }).includes('bye'));
});

t.test('a far side that hangs up is expected or a failure', async (t) => {
  const wanted = start('  - expectHangup\n');
  wanted.types({ type: 'start', atMs: 0 });
  wanted.types({ type: 'answered', atMs: 10 });
  t.same(wanted.types({ type: 'farEndHangup', atMs: 900 }), ['finish']);
  t.match(wanted.run.outcome, { ok: true, endedBy: 'far end', endedMs: 900 });

  const early = start('  - expect: speech\n  - expectHangup\n');
  early.types({ type: 'start', atMs: 0 });
  early.types({ type: 'answered', atMs: 10 });
  early.types({ type: 'farEndHangup', atMs: 900 });
  t.match(early.run.outcome, { ok: false, failure: 'line 3 (speech): the far end hung up too early' });
});

t.test('a refusal is expected or a failure', async (t) => {
  const wanted = start('  - expectRefusal: { status: 404 }\n');
  wanted.types({ type: 'start', atMs: 0 });
  wanted.types({ type: 'refused', status: 404, reason: 'Not Found', atMs: 5 });
  t.match(wanted.run.outcome, { ok: true, refusedStatus: 404 });

  const other = start('  - expectRefusal: { status: 404 }\n');
  other.types({ type: 'start', atMs: 0 });
  other.types({ type: 'refused', status: 503, reason: 'Busy', atMs: 5 });
  t.match(other.run.outcome, { ok: false, failure: /refused with 503 Busy/ });

  const answered = start('  - expectRefusal\n');
  answered.types({ type: 'start', atMs: 0 });
  t.ok(answered.types({ type: 'answered', atMs: 5 }).includes('bye'));
  t.equal(answered.run.outcome.ok, false);
});

t.test('hanging up before the answer cancels; a 200 that crosses is hung up', async (t) => {
  const { run, types } = start('  - wait: 50\n  - hangup\n');
  types({ type: 'start', atMs: 0 });
  t.same(types({ type: 'timer', id: 'pause', atMs: 50 }), ['limit 5000', 'cancel']);
  t.same(types({ type: 'answered', atMs: 52 }), ['bye']);
  t.same(types({ type: 'byeDone', atMs: 60 }), ['finish']);
  t.equal(run.outcome.ok, true);
});

t.test('a call that lasts too long is given up, and a far side that never confirms it is left', async (t) => {
  const { run, types } = start('  - expect: speech\n');
  types({ type: 'start', atMs: 0 });
  types({ type: 'answered', atMs: 10 });
  t.ok(types({ type: 'timer', id: 'call', atMs: 60_000 }).includes('bye'));
  t.same(types({ type: 'timer', id: 'limit', atMs: 65_000 }), ['finish']);
  t.match(run.outcome, { ok: false, failure: /longer than 60000 ms/ });
});

t.test('a refused hold fails, an accepted one goes on', async (t) => {
  const { run, types } = start('  - hold\n  - resume\n  - hangup\n');
  types({ type: 'start', atMs: 0 });
  t.ok(types({ type: 'answered', atMs: 10 }).includes('hold'));
  t.ok(types({ type: 'reinvited', status: 200, atMs: 20 }).includes('resume'));
  t.ok(types({ type: 'reinvited', status: 488, atMs: 30 }).includes('bye'));
  t.match(run.outcome.failure, /refused with 488/);
});
