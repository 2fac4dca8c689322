import t from 'tap';
import { DtmfDetector } from '../../../src/audio/dtmf-detector.js';
import { peak } from '../../../src/audio/pcm.js';
import { ToneKeys } from '../../../src/embedded/rtp/tone-keys.js';

t.test('keys as sound are found again, each once, and then there is silence', (t) => {
  const keys = new ToneKeys();
  for (const digit of '11*#aD05') t.ok(keys.push(digit, 40));
  t.notOk(keys.push('x', 40));
  let found = '';
  const detector = new DtmfDetector(({ digit }) => (found += digit));
  const frame = new Int16Array(160);
  let frames = 0;
  while (keys.busy) {
    keys.take(frame);
    detector.push(frame);
    frames++;
  }
  t.equal(found, '11*#AD05');
  t.equal(frames, (8 * 120) / 20);
  keys.take(frame);
  t.equal(peak(frame), 0);
  keys.push('1', 100);
  keys.clear();
  t.notOk(keys.busy);
  t.end();
});
