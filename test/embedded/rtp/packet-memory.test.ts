import t from 'tap';
import { PacketMemory } from '../../../src/embedded/rtp/packet-memory.js';

t.test('packet after packet is made in the same memory', async (t) => {
  const memory = new PacketMemory();
  const bytes = memory.room(172);
  const packet = memory.first(bytes, 172);
  t.equal(packet.length, 172);
  t.equal(memory.room(100), bytes);
  t.equal(memory.first(bytes, 172), packet);
  t.equal(packet.buffer, bytes.buffer);
});

t.test('a longer packet has room', async (t) => {
  const memory = new PacketMemory();
  const short = memory.room(100);
  const long = memory.room(short.length + 1);
  t.ok(long.length > short.length);
  t.equal(memory.first(long, long.length), long);
});

t.test('bytes of somebody else are sent as they are', async (t) => {
  const memory = new PacketMemory();
  const others = Uint8Array.of(1, 2, 3);
  t.equal(memory.first(others, 3), others);
  t.same([...memory.first(others, 2)], [1, 2]);
});

t.test('what the system still has to send is not written over', async (t) => {
  const memory = new PacketMemory();
  const kept = memory.first(memory.room(4), 4);
  kept.fill(7);
  memory.lose();
  const next = memory.room(4);
  next.fill(9);
  t.same([...kept], [7, 7, 7, 7]);
  t.same([...memory.first(next, 4)], [9, 9, 9, 9]);
});
