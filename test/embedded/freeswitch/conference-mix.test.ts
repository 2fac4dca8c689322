import t from 'tap';
import { parseJoin } from '../../../src/embedded/freeswitch/conference-join.js';
import { ConferenceMix } from '../../../src/embedded/freeswitch/conference-mix.js';
import { changeVolume, volumeFactor } from '../../../src/embedded/freeswitch/volume-steps.js';

function frame(value: number): Int16Array {
  return new Int16Array(160).fill(value);
}

t.test(
  'each hears exactly the sum of the others, also when all together are louder than 16 bits',
  async (t) => {
    const mix = new ConferenceMix();
    const voices = [frame(30_000), frame(20_000), frame(-25_000), frame(25_000)];
    mix.begin();
    for (const voice of voices) mix.add(voice);
    const heard = voices.map((voice) => {
      const out = frame(0);
      mix.hear();
      mix.without(voice);
      mix.addTo(out);
      return out[159];
    });
    t.strictSame(heard, [20_000, 30_000, 32_767, 25_000], 'clipped only where what is heard is too loud');
    mix.begin();
    mix.hear();
    const silence = frame(7);
    mix.addTo(silence);
    t.equal(silence[0], 7, 'the next frame begins in silence, and what stood there stays');
  },
);

t.test('what is heard of a mix is made quieter without touching what stands there', async (t) => {
  const mix = new ConferenceMix();
  mix.begin();
  mix.add(frame(1000));
  mix.hear();
  const out = frame(100);
  mix.addTo(out, volumeFactor(-2));
  t.equal(out[0], 700);
});

t.test('volumes change by signed numbers, are set by bare ones, and stay within four steps', async (t) => {
  t.equal(changeVolume(1, '+1'), 2);
  t.equal(changeVolume(1, '-3'), -2);
  t.equal(changeVolume(1, '3'), 3);
  t.equal(changeVolume(3, '+9'), 4);
  t.equal(changeVolume(-3, '-9'), -4);
  t.equal(volumeFactor(0), 1);
});

t.test('the argument of the application is read as drachtio-fsmrf and people write it', async (t) => {
  const plain = parseJoin('room');
  t.match(plain, { name: 'room', profile: 'default', pin: '', isMuted: false });
  t.match(parseJoin('room@wide+1234+flags{mute|moderator}'), {
    name: 'room',
    profile: 'wide',
    pin: '1234',
    isMuted: true,
    flags: { isModerator: true, endsConference: false },
  });
  t.match(parseJoin('room++flags{endconf|mute|vmute}'), {
    name: 'room',
    pin: '',
    flags: { endsConference: true },
  });
  t.match(parseJoin('room+1234'), { name: 'room', pin: '1234' });
  t.equal(parseJoin(''), undefined);
  t.equal(parseJoin('@default'), undefined);
});
