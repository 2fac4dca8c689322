import t from 'tap';
import { readInfoDigit } from '../../../src/embedded/freeswitch/info-digit.js';

t.test(
  'a key in INFO is read as the real server reads it: by name, by number, with or without a length',
  (t) => {
    const relay = (body: string) => readInfoDigit('application/dtmf-relay', body);
    t.same(relay('Signal=5\r\nDuration=160\r\n'), { digit: '5', durationMs: 160 });
    t.same(relay('Signal= *\r\nDuration= 100'), { digit: '*', durationMs: 100 });
    t.same(relay('signal=11\nduration=120'), { digit: '#', durationMs: 120 });
    t.same(relay('Signal=12'), { digit: 'A', durationMs: 250 });
    t.same(relay('Duration=90\r\nSignal=d\r\n'), { digit: 'D', durationMs: 90 });
    t.same(readInfoDigit('application/dtmf', '10'), { digit: '*', durationMs: 250 });
    t.same(readInfoDigit('Application/DTMF; x=y', ' 7\r\n'), { digit: '7', durationMs: 250 });
    t.end();
  },
);

t.test('what is no key is none: a flash, other bodies, other types', (t) => {
  for (const body of ['Signal=16', 'Signal=', 'Signal=55', 'Duration=100', '', 'Signal=5x'])
    t.equal(readInfoDigit('application/dtmf-relay', body), undefined, body);
  t.equal(readInfoDigit('application/media_control+xml', 'Signal=5'), undefined);
  t.same(readInfoDigit('application/dtmf-relay', 'Signal=5\nDuration=999999'), {
    digit: '5',
    durationMs: 24_000,
  });
  t.same(readInfoDigit('application/dtmf-relay', 'Signal=5\nDuration=0'), { digit: '5', durationMs: 250 });
  t.end();
});
