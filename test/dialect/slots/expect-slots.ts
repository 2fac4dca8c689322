import type { Test } from 'tap';
import type { SlotType } from '../../../src/dialect/slots/slot-value.js';
import { saturday, shippedSlots } from './shipped-slots.js';

/** Every sentence gives its value; `undefined` where there is none to be read. */
export function reads(
  t: Pick<Test, 'equal'>,
  type: SlotType,
  dialect: string,
  sentences: Readonly<Record<string, string | undefined>>,
): void {
  for (const [said, value] of Object.entries(sentences)) {
    t.equal(shippedSlots.readSlot(type, said, dialect, saturday)?.value, value, `${dialect}: ${said}`);
  }
}
