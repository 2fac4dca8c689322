import type { CallerEvent } from './caller-event.js';
import type { CallerInputEvent, CallerReport } from './run-caller.js';
import type { CallerTurn } from './turn-ledger.js';

/** One line for people, e.g. `   1234 ms  far end: "welcome" (0.93)`; undefined for what people need not see. */
export function describeEvent(event: CallerEvent | CallerInputEvent): string | undefined {
  const what = sentenceFor(event);
  return what === undefined ? undefined : `${event.atMs.toFixed(0).padStart(7)} ms  ${what}`;
}

/** The turns as a list, and the verdict. */
export function describeOutcome(report: CallerReport): string[] {
  const { turns, rtp, recording } = report;
  return [
    ...turns.filter((turn) => turn.gapMs !== null || turn.stopMs !== null).map(describeTurn),
    `RTP: ${rtp.sent} packets sent, ${rtp.received} received, ${rtp.lost} lost`,
    ...(recording === null ? [] : [`recording: ${recording}`]),
    report.ok ? `ok: ${report.script}` : `FAILED: ${report.script}: ${report.failure}`,
  ];
}

function describeTurn(turn: CallerTurn): string {
  const input = [
    turn.said === null ? '' : `"${turn.said}"`,
    turn.pressed === null ? '' : `key ${turn.pressed}`,
  ];
  const facts = [
    turn.gapMs === null ? 'no edge to measure the gap' : `answered after ${turn.gapMs.toFixed(0)} ms`,
    ...(turn.stopMs === null ? [] : [`silent ${turn.stopMs.toFixed(0)} ms after the interruption`]),
  ];
  return `turn: ${input.filter(Boolean).join(', ')}: ${facts.join(', ')}`;
}

function sentenceFor(event: CallerEvent | CallerInputEvent): string | undefined {
  switch (event.type) {
    case 'input':
      return event.input.kind === 'press'
        ? `caller presses ${event.input.keys}`
        : event.input.kind === 'say'
          ? `caller says "${event.input.sentence.text}"`
          : `caller plays ${event.input.file}`;
    case 'provisional':
      return event.status === 100 ? undefined : `far end: ${event.status}`;
    case 'answered':
      return 'answered';
    case 'refused':
      return `refused: ${event.status} ${event.reason}`;
    case 'heard':
      return `far end: "${event.text}" (from ${event.startMs.toFixed(0)} ms, confidence ${event.confidence})`;
    case 'speechStart':
      // Pauses between sentences are no news.
      return event.silenceMs < 500 ? undefined : 'far end begins to speak';
    case 'farEndHangup':
      return 'far end hangs up';
    case 'farEndReinvite':
      return `far end changes the session: ${event.direction}`;
    case 'reinvited':
      return event.status < 300 ? 'far end agrees to the change' : `change refused: ${event.status}`;
    case 'byeDone':
      return 'caller has hung up';
    case 'broken':
      return `failed: ${event.reason}`;
    default:
      return undefined;
  }
}
