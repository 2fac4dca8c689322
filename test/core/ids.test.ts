import t from 'tap';
import { callId, token, uuid } from '../../src/core/ids.js';

t.test('ids of calls sort by time and never repeat', async (t) => {
  const first = callId(Date.UTC(2026, 10, 21, 1, 35, 2, 999));
  t.match(first, /^20261121-013502-[0-9a-f]{8}$/);
  t.ok(first < callId(Date.UTC(2026, 10, 21, 1, 35, 3)));
  t.ok(callId(Date.UTC(2026, 8, 30, 23, 59, 59)) < callId(Date.UTC(2026, 9, 1)));
  const many = new Set(Array.from({ length: 500 }, () => callId(0)));
  t.equal(many.size, 500);
});

t.test('tokens are URL-safe, long, and never alike', async (t) => {
  const many = new Set(Array.from({ length: 500 }, token));
  t.equal(many.size, 500);
  for (const one of many) if (!/^[\w-]{32}$/.test(one)) t.fail(one);
  t.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
