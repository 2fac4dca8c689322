import { t } from 'tap';
import {
  confirmationsNow,
  memoryAfterCall,
  type LearntDialect,
  type LearntInCall,
  type MemoryPolicy,
} from '../../src/call/memory-after-call.js';
import { sampleMemory } from '../store-contract/caller-memory.js';

const dayMs = 86_400_000;
const policy: MemoryPolicy = { retentionMs: 180 * dayMs, halfLifeMs: 90 * dayMs, consent: 'notice' };
const nowMs = 1_800_000_000_000;
const byWords = (dialect: string): LearntDialect => ({ dialect, confidence: 0.97, source: 'words' });
const nothing: LearntInCall = { dialect: undefined, intents: [], consent: undefined };

t.test('the first call that tells a dialect begins a memory, one that tells none does not', async (t) => {
  t.equal(memoryAfterCall(undefined, { ...nothing, intents: ['bill'] }, policy, nowMs), undefined);
  t.strictSame(
    memoryAfterCall(
      undefined,
      { ...nothing, dialect: byWords('cmn-sichuan'), intents: ['a', 'b'] },
      policy,
      nowMs,
    ),
    {
      dialect: 'cmn-sichuan',
      language: 'cmn',
      confidence: 0.97,
      source: 'words',
      confirmations: 1,
      lastIntents: ['b', 'a'],
      voiceSpeed: null,
      lastSeenMs: nowMs,
      consent: 'notice',
      expiresAtMs: nowMs + 180 * dayMs,
    },
  );
});

t.test('what earlier calls told fades with time', async (t) => {
  const memory = sampleMemory({ confirmations: 4, lastSeenMs: nowMs - 90 * dayMs });
  t.equal(confirmationsNow(memory, nowMs, 90 * dayMs), 2);
  t.match(memoryAfterCall(memory, { ...nothing, dialect: byWords('yue') }, policy, nowMs), {
    confirmations: 3,
  });
  t.match(memoryAfterCall(memory, nothing, policy, nowMs), {
    dialect: 'yue',
    confirmations: 2,
    lastSeenMs: nowMs,
  });
});

t.test('a well-known dialect outlasts one call in another by words, never a choice', async (t) => {
  const memory = sampleMemory({ confirmations: 3, lastSeenMs: nowMs });
  const once = memoryAfterCall(memory, { ...nothing, dialect: byWords('wuu') }, policy, nowMs);
  t.match(once, { dialect: 'yue', confirmations: 2 });
  t.match(memoryAfterCall(once, { ...nothing, dialect: byWords('wuu') }, policy, nowMs), {
    dialect: 'wuu',
    language: 'wuu',
    confirmations: 1,
  });
  const choice: LearntDialect = { dialect: 'cmn', confidence: 1, source: 'choice' };
  t.match(memoryAfterCall(memory, { ...nothing, dialect: choice }, policy, nowMs), {
    dialect: 'cmn',
    source: 'choice',
  });
});

t.test('who refuses is forgotten, who was not asked is kept only where a notice is enough', async (t) => {
  const told = { ...nothing, dialect: byWords('yue') };
  const strict: MemoryPolicy = { ...policy, consent: 'given' };
  t.equal(memoryAfterCall(sampleMemory(), { ...told, consent: 'refused' }, policy, nowMs), undefined);
  t.equal(memoryAfterCall(undefined, told, strict, nowMs), undefined);
  t.equal(memoryAfterCall(sampleMemory(), told, strict, nowMs), undefined);
  t.match(memoryAfterCall(undefined, { ...told, consent: 'given' }, strict, nowMs), { consent: 'given' });
  t.match(
    memoryAfterCall(sampleMemory({ consent: 'given' }), told, strict, nowMs),
    { consent: 'given' },
    'agreed before',
  );
});

t.test('five wishes are kept, the latest first, each once', async (t) => {
  const memory = sampleMemory({ lastIntents: ['a', 'b', 'c', 'd'] });
  const after = memoryAfterCall(memory, { ...nothing, intents: ['x', 'c', 'y'] }, policy, nowMs);
  t.strictSame(after?.lastIntents, ['y', 'c', 'x', 'a', 'b']);
});
