import t from 'tap';
import {
  audibleUntil,
  firstVoicedSample,
  lastVoicedSample,
  LedgerLevels,
} from '../../src/call/ledger-levels.js';
import { noise, silence, sound, tone } from './ledger-sound.js';

function levelsOf(...parts: Int16Array[]): LedgerLevels {
  const levels = new LedgerLevels();
  levels.push(sound(...parts));
  return levels;
}

t.test('the last voiced sample is found to 2.5 ms, whatever came before and after', async (t) => {
  const levels = levelsOf(silence(400), tone(300), silence(120), tone(203), silence(500));
  const end = (400 + 300 + 120 + 203) * 8;
  const found = lastVoicedSample(levels, levels.samples) ?? 0;
  t.ok(found >= end && found - end <= 20, `${found} for ${end}`);
  t.equal(lastVoicedSample(levels, 700 * 8), 700 * 8, 'before an earlier instant');
});

t.test('noise of the line, a click and what is 35 dB below the voice are not voice', async (t) => {
  const levels = levelsOf(
    noise(2000, -45),
    sound(tone(400, -12)),
    tone(200, -49),
    noise(300, -45),
    tone(2, -6),
    noise(300, -45),
  );
  const end = 2400 * 8;
  t.ok(Math.abs((lastVoicedSample(levels, levels.samples) ?? 0) - end) <= 20);
});

t.test('a caller who is far from the telephone is heard', async (t) => {
  const levels = levelsOf(silence(500), tone(400, -42), silence(400));
  t.ok(Math.abs((lastVoicedSample(levels, levels.samples) ?? 0) - 900 * 8) <= 20);
});

t.test('where nobody spoke nothing is found', async (t) => {
  t.equal(lastVoicedSample(levelsOf(silence(3000)), 24_000), undefined);
  t.equal(lastVoicedSample(levelsOf(noise(3000, -55)), 24_000), undefined);
  t.equal(lastVoicedSample(new LedgerLevels(), 8000), undefined);
  t.equal(firstVoicedSample(levelsOf(silence(3000)), 24_000), undefined);
  t.equal(audibleUntil(levelsOf(silence(3000)), 0, 24_000), undefined);
});

t.test('the first voiced sample is that of the utterance, not of one before', async (t) => {
  const levels = levelsOf(silence(200), tone(300), silence(600), tone(100), silence(150), tone(100));
  const found = firstVoicedSample(levels, levels.samples) ?? 0;
  t.ok(Math.abs(found - 1100 * 8) <= 20, `${found}`);
});

t.test("the bot's echo, 20 dB and more below the caller, is not where the caller began", async (t) => {
  const levels = levelsOf(tone(2000, -35), tone(300, -10));
  const found = firstVoicedSample(levels, levels.samples) ?? 0;
  t.ok(Math.abs(found - 2000 * 8) <= 20, `${found}`);
});

t.test('a prompt is audible until 100 ms of silence, not in its short pauses', async (t) => {
  const levels = levelsOf(tone(200), silence(60), tone(100), silence(200), tone(100));
  t.equal(audibleUntil(levels, 800, levels.samples), 360 * 8);
  t.equal(audibleUntil(levels, 380 * 8, 500 * 8), undefined);
});

t.test('half a minute is kept', async (t) => {
  const levels = levelsOf(tone(1000), silence(31_000));
  t.equal(lastVoicedSample(levels, levels.samples), undefined);
  t.equal(levels.samples - levels.firstPiece * 20, 240_000);
});
