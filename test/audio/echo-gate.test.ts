import t from 'tap';
import { EchoGate } from '../../src/audio/echo-gate.js';
import { meanSquareOf } from '../../src/audio/noise-floor.js';

const floor = meanSquareOf(-65);
const at = meanSquareOf;

/** Frames of one level: both halves are alike. */
const hear = (gate: EchoGate, level: number): void => gate.hear(level, level);
const explains = (gate: EchoGate, level: number, noise: number): boolean =>
  gate.explains(level, level, noise, false);

/** The bot speaks so long at -15 dB; the line brings back what is given. */
function speak(gate: EchoGate, frames: number, backDb: number, noiseDb = -65): void {
  for (let i = 0; i < frames; i++) {
    hear(gate, at(-15));
    explains(gate, at(backDb), at(noiseDb));
  }
}

t.test('nothing comes back while the bot is silent', async (t) => {
  const gate = new EchoGate();
  hear(gate, at(-80));
  t.equal(gate.active, false);
  t.equal(explains(gate, at(-60), floor), false);
});

t.test(
  'from the first frame an echo at -20 dB is one, and a caller as loud as the bot is none',
  async (t) => {
    const gate = new EchoGate();
    hear(gate, at(-15));
    t.equal(explains(gate, at(-35), floor), true);
    t.equal(explains(gate, at(-18), floor), false);
  },
);

t.test('an echo comes up to 340 ms late, and not later', async (t) => {
  const gate = new EchoGate();
  hear(gate, at(-15));
  for (let i = 0; i < 16; i++) hear(gate, 0);
  t.equal(explains(gate, at(-35), floor), true);
  hear(gate, 0);
  t.equal(explains(gate, at(-35), floor), false);
});

t.test('on a line that shows no echo a quiet caller is soon heard over the bot', async (t) => {
  const gate = new EchoGate();
  speak(gate, 10, -65);
  t.equal(explains(gate, at(-35), floor), true, 'not yet known');
  speak(gate, 150, -65);
  t.equal(explains(gate, at(-35), floor), false);
});

t.test('an echo that the noise hides is not unlearned, and one that goes on neither', async (t) => {
  const hidden = new EchoGate();
  speak(hidden, 500, -41, -40);
  t.equal(explains(hidden, at(-34), at(-40)), true);
  const steady = new EchoGate();
  speak(steady, 500, -35);
  t.equal(explains(steady, at(-30), floor), true);
});

t.test('the first frames of a caller do not teach that he is echo', async (t) => {
  const gate = new EchoGate();
  speak(gate, 200, -45);
  for (const db of [-36, -33, -30]) explains(gate, at(db), floor);
  t.equal(explains(gate, at(-24), floor), false);
});
