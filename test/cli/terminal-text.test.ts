import t from 'tap';
import { callTable, callText, liveTable, registrationTable } from '../../src/cli/call-text.js';
import { traceText } from '../../src/cli/sip-trace-text.js';
import { liveCall } from '../http/fake-control.js';
import { sampleRecord } from '../store-contract/sample-record.js';

/** Clears the screen; C1 has it in one character. */
const evil = '\u001b[2J\u009b2J\r';
const source = { protocol: 'tcp', address: '192.0.2.1', port: 5060 };

t.test('what a caller or a telephone wrote does not reach the terminal as a command', (t) => {
  const record = sampleRecord({ callingNumber: evil, calledNumber: evil, sipCallId: evil, detail: evil });
  const shown = {
    callTable: callTable([record]),
    callText: callText(record, undefined, undefined),
    liveTable: liveTable([{ ...liveCall, callingNumber: evil }], Date.now()),
    registrationTable: registrationTable([
      { user: 'alice', contact: `sip:${evil}@x`, source, expiresAtMs: 0, userAgent: evil },
    ]),
    traceText: traceText(
      {
        callId: evil,
        dropped: 0,
        messages: [
          {
            wallMs: 0,
            direction: 'in',
            repeated: false,
            protocol: 'udp',
            local: '192.0.2.2:5060',
            peer: '192.0.2.1:5070',
            text: `INVITE sip:${evil}@x SIP/2.0\r\nSubject: a\tb${evil}\r\nCSeq: 1 INVITE\r\n\r\n`,
          },
        ],
      },
      true,
    ),
  };
  for (const [name, text] of Object.entries(shown)) {
    t.notMatch(text.replace(/[\n\t]/g, ''), /\p{Cc}/u, name);
    t.match(text, '?[2J', name);
  }
  t.end();
});
