import { understand, type Knowledge } from '../../src/call/understand.js';
import type { Understanding } from '../../src/call/understanding.js';
import { DialectIdentifier } from '../../src/dialect/identify.js';
import { IntentMatcher } from '../../src/dialect/intent-matcher.js';
import { readDialectPacks, readIntentData, readSlotReader } from '../../src/dialect-data.js';

/** What the shipped words and intents understand, in this thread. */
export async function shippedKnowledge(): Promise<Knowledge & { readonly identifier: DialectIdentifier }> {
  const [{ packs }, { slots }, { examples, learned }] = await Promise.all([
    readDialectPacks(),
    readSlotReader(),
    readIntentData('hotline'),
  ]);
  const matcher = IntentMatcher.build(examples, packs, learned);
  return {
    packs,
    slots,
    identifier: new DialectIdentifier(packs),
    matcherOf: (set) => (set === 'hotline' ? matcher : undefined),
  };
}

/** Monday. */
export const testDay = new Date(2026, 10, 23, 10);

export function understandingHere(knowledge: Awaited<ReturnType<typeof shippedKnowledge>>): Understanding {
  return {
    running: true,
    identify: (text) => Promise.resolve(knowledge.identifier.identifyText(text)),
    understand: (question) => Promise.resolve(understand(knowledge, question, testDay)),
  };
}

/** A Mandarin sentence of which the intents that the examples teach at present are not sure, and which they think likeliest. */
export function vagueSentence({ matcherOf }: Knowledge): { readonly text: string; readonly intent: string } {
  const likely = ['bill-query', 'pay-bill', 'report-outage'];
  const vague = [
    '关于电费',
    '钱的事',
    '电不太对',
    '电费的事情',
    '电费那个',
    '我那个电费单子',
    '家里的电',
    '电的事情',
  ];
  for (const text of vague) {
    const { intent = '', sure, confidence } = matcherOf('hotline')?.understand(text, 'cmn') ?? {};
    if (likely.includes(intent) && sure === false && (confidence ?? 0) >= 0.36) return { text, intent };
  }
  throw new Error('nothing of this is vague any more: add sentences that are');
}
