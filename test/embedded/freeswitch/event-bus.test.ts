import t from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { EventBus, type EventListener } from '../../../src/embedded/freeswitch/event-bus.js';
import { EventFactory, HeaderBlock } from '../../../src/embedded/freeswitch/event.js';
import { Subscription } from '../../../src/embedded/freeswitch/subscription.js';

function client(bus: EventBus, words: string): EventListener & { readonly heard: string[] } {
  const subscription = new Subscription();
  subscription.add(words.split(' '));
  const heard: string[] = [];
  const listener = {
    subscription,
    heard,
    deliver: (event: { readonly headers: Readonly<Record<string, string>> }) =>
      void heard.push(event.headers['Unique-ID'] ?? 'none'),
  };
  bus.file(listener);
  return listener;
}

t.test('a filtered client hears of its channels alone, wherever the filter came', (t) => {
  const bus = new EventBus(new EventFactory('core', '127.0.0.1', systemClock));
  const [all, one] = [client(bus, 'DTMF HEARTBEAT'), client(bus, 'DTMF')];
  const tell = (name: string, id?: string) =>
    bus.publish(bus.factory.make(name, id === undefined ? {} : { 'Unique-ID': id }));
  tell('DTMF', 'a');
  one.subscription.addFilter('Unique-ID', 'B');
  bus.file(one);
  for (const id of ['a', 'b']) tell('DTMF', id);
  tell('HEARTBEAT');
  one.subscription.addFilter('Conference-Unique-ID', 'c');
  bus.file(one);
  tell('DTMF', 'b');
  t.same(all.heard, ['a', 'a', 'b', 'none', 'b']);
  t.same(one.heard, ['a', 'b', 'b']);

  t.ok(bus.isWanted('DTMF', undefined, 'a'));
  t.notOk(bus.isWanted('CHANNEL_PARK', undefined, 'a'));
  bus.remove(all);
  one.subscription.removeFilter('Conference-Unique-ID', undefined);
  bus.file(one);
  t.notOk(bus.isWanted('DTMF', undefined, 'a'), 'nobody is left who could hear of it');
  t.ok(bus.isWanted('DTMF', undefined, 'b'));
  t.end();
});

t.test('an event made of blocks reads the same in every format, each header once', (t) => {
  const factory = new EventFactory('core', '127.0.0.1', systemClock);
  const blocks = [new HeaderBlock({ 'Unique-ID': 'a' }), new HeaderBlock({}), new HeaderBlock({ x: '"%\n' })];
  const event = factory.makeOfBlocks('CUSTOM', blocks, { subclass: 'x::y', body: 'é' });
  const json = event.serialize('json');
  t.same(JSON.parse(json), { ...event.headers, 'Content-Length': '2', _body: 'é' });
  t.equal(json.match(/":"/g)?.length, Object.keys(event.headers).length + 2);
  t.match(event.serialize('plain'), /^x: %22%25%0A$/m);
  t.equal(event.header('Event-Subclass'), 'x::y');
  t.equal(factory.makeOfBlocks('DTMF', []).serialize('json').includes('_body'), false);
  t.end();
});

t.test('what nobody wanted is numbered all the same', (t) => {
  const factory = new EventFactory('core', '127.0.0.1', systemClock);
  const first = Number(factory.make('DTMF', {}).header('Event-Sequence'));
  factory.skip();
  t.equal(Number(factory.make('DTMF', {}).header('Event-Sequence')), first + 2);
  t.end();
});
