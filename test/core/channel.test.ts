import t from 'tap';
import { Channel } from '../../src/core/channel.js';

t.test('every subscriber hears a fact, in order, until it unsubscribes', async (t) => {
  const channel = new Channel<number>('test:numbers');
  const heard: string[] = [];
  const end = channel.subscribe((n) => void heard.push(`a${n}`));
  channel.subscribe((n) => void heard.push(`b${n}`));
  channel.publish(1);
  end();
  end();
  channel.publish(2);
  t.same(heard, ['a1', 'b1', 'b2']);
});

t.test(
  'a subscriber that throws is reported with the name of the channel, and the others hear the fact',
  async (t) => {
    const before = Channel.subscriberError;
    t.teardown(() => (Channel.subscriberError = before));
    const errors: [string, unknown][] = [];
    Channel.subscriberError = (name, error) => void errors.push([name, error]);
    const channel = new Channel<string>('test:words');
    const heard: string[] = [];
    channel.subscribe(() => {
      throw new RangeError('no');
    });
    channel.subscribe((word) => void heard.push(word));
    channel.publish('hello');
    t.same(heard, ['hello']);
    t.match(errors, [['test:words', { name: 'RangeError' }]]);
  },
);
