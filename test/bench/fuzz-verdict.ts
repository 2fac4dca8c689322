/** What came of the messages sent over one transport. */
export interface TransportTally {
  /** Whole messages that left for the server. */
  readonly sent: number;
  /** Those that the server has looked at, by its own count. */
  readonly received: number;
  /** Those of them that it could not read. */
  readonly malformed: number;
  /** What the kernel threw away before the server could read it. */
  readonly dropped: number;
}

/** What a run of `bench fuzz` has seen. */
export interface FuzzOutcome {
  readonly udp: TransportTally;
  readonly tcp: TransportTally;
  /** Errors that nobody caught. */
  readonly crashes: number;
  /** Errors that the server caught: a message, or what an application made of it, was not carried out. */
  readonly mishandled: number;
  /** Transactions, dialogs and timers when everything should be over. */
  readonly left: number;
  /** 'ok', or what went wrong with a real call after the attack. */
  readonly callsAfter: string;
  /** OPTIONS between the batches that got no 200. */
  readonly unansweredProbes: number;
  readonly heapGrownMb: number;
}

/** What the heap may grow by beyond its size after the first batches. */
export const heapGrowthMb = 32;

/** What speaks against the server, a sentence each; none: it stood. */
export function faults(outcome: FuzzOutcome): string[] {
  const { crashes, mishandled, left, callsAfter, unansweredProbes, heapGrownMb } = outcome;
  const found: string[] = [];
  if (crashes > 0) found.push(`${crashes} errors that nobody caught`);
  if (mishandled > 0) found.push(`${mishandled} kinds of messages made the server throw`);
  if (left > 0) found.push(`${left} transactions, dialogs or timers are left`);
  if (callsAfter !== 'ok') found.push(`a call after the attack: ${callsAfter}`);
  if (unansweredProbes > 0) found.push(`${unansweredProbes} OPTIONS between the batches were not answered`);
  if (heapGrownMb > heapGrowthMb) found.push(`the heap grew by ${heapGrownMb} MB`);
  for (const transport of ['udp', 'tcp'] as const) {
    const { sent, received, malformed, dropped } = outcome[transport];
    const missing = sent - received - dropped;
    if (sent === 0) found.push(`nothing was sent over ${transport}`);
    if (missing > 0) {
      found.push(`${transport}: ${sent} sent, ${received} received, ${dropped} dropped: ${missing} missing`);
    }
    // Wounded and whole messages are mixed: all or none means that nobody looked.
    if (received > 0 && (malformed === 0 || malformed === received)) {
      found.push(`${transport}: ${malformed} of ${received} called malformed`);
    }
  }
  return found;
}
