import type { CallRecord, LedgerRecord, TransferRecord, TurnRecord } from '../../src/store/call-record.js';

/** A turn in which the caller said yes. */
export function sampleTurn(changes: Partial<TurnRecord> = {}): TurnRecord {
  return {
    node: 'confirm',
    said: ['Your appointment is on Friday.', 'Is that right?'],
    outcome: 'phrase',
    heard: 'yes please',
    confidence: 0.87,
    dialect: 'en-gb',
    startMs: 20.5,
    heardMs: 3120.25,
    bargedIn: false,
    ...changes,
  };
}

/** A wait of a quarter second after a key. */
export function sampleLedger(changes: Partial<LedgerRecord> = {}): LedgerRecord {
  return {
    from: 'keys',
    wholeMs: 243.5,
    endpointingMs: 0.1,
    recognizerMs: 0,
    dialogMs: 1.9,
    synthesisMs: 210.5,
    handOverMs: 0.2,
    mediaMs: 31.3,
    restMs: -0.5,
    ...changes,
  };
}

/** A transfer in which two people talked. */
export function sampleTransfer(changes: Partial<TransferRecord> = {}): TransferRecord {
  return {
    node: 'reception',
    to: '+442079460999',
    by: 'bridge',
    outcome: 'answered',
    sipStatus: 200,
    detail: null,
    startMs: 4000,
    answeredMs: 6500.5,
    endedMs: 9000,
    ...changes,
  };
}

/** A call that was answered and that the caller ended. */
export function sampleRecord(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    id: '20261121-013502-9f3c1a7e',
    sipCallId: 'a84b4c76e66710@pc33.example',
    direction: 'inbound',
    callingNumber: '+442079460123',
    calledNumber: '1000',
    dialplan: 'clinic',
    dialplanVersion: 'c0ffee',
    receivedAtMs: 1_763_688_902_000,
    answeredAtMs: 1_763_688_902_007,
    endedAtMs: 1_763_688_912_500,
    endReason: 'remote-bye',
    sipStatus: null,
    q850Cause: 16,
    detail: null,
    path: ['welcome', 'confirm'],
    turns: [sampleTurn()],
    transfers: [],
    recording: 'recordings/2026-11-21/20261121-013502-9f3c1a7e.wav',
    journal: null,
    ...changes,
  };
}
