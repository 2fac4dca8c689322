import fc from 'fast-check';
import t from 'tap';
import { peak } from '../../../src/audio/pcm.js';
import { parseForkCommand } from '../../../src/embedded/freeswitch/audio-fork-command.js';
import { BotAudioQueue } from '../../../src/embedded/freeswitch/bot-audio-queue.js';
import { CommandReader } from '../../../src/embedded/freeswitch/event-socket-framing.js';
import { FreeSwitchEvent, HeaderBlock } from '../../../src/embedded/freeswitch/event.js';
import { hangupCause, reasonHeader } from '../../../src/embedded/freeswitch/hangup-causes.js';
import { Subscription } from '../../../src/embedded/freeswitch/subscription.js';
import { parseToneScript, ToneSource } from '../../../src/embedded/freeswitch/tone-stream.js';
import {
  ChannelVariables,
  parseMultiset,
  splitArguments,
} from '../../../src/embedded/freeswitch/variables.js';

t.test('commands are cut the same wherever the bytes are cut', (t) => {
  const text =
    'auth x\n\n\n\napi sofia status\n\nsendmsg 1-2\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: a=b: c\n\n' +
    'sendevent CUSTOM\r\nEvent-Subclass: x::y\r\nContent-Length: 5\r\n\r\nhe\nlonolinger\n\n';
  const bytes = Buffer.from(text);
  const read = (cuts: readonly number[]) => {
    const reader = new CommandReader();
    const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
    return places.slice(1).flatMap((end, i) => reader.push(bytes.subarray(places[i], end)));
  };
  const whole = read([]);
  t.same(
    whole.map((command) => command.line),
    ['auth x', 'api sofia status', 'sendmsg 1-2', 'sendevent CUSTOM', 'nolinger'],
  );
  t.equal(whole[2]?.headers.get('execute-app-arg'), 'a=b: c');
  t.equal(whole[3]?.body, 'he\nlo');
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
      t.same(read(cuts), whole);
    }),
    { numRuns: 200 },
  );
  t.throws(() => new CommandReader().push(Buffer.alloc(2 << 20, 'x')), {
    code: 'FREESWITCH_COMMAND_TOO_LONG',
  });
  t.end();
});

t.test('no bytes at all make the reader throw anything but its own error', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      new CommandReader().push(Buffer.from(bytes));
    }),
  );
  t.end();
});

t.test('a client hears what it subscribed to, and with filters only that', (t) => {
  const event = (name: string, subclass?: string, id = 'a') =>
    new FreeSwitchEvent(name, subclass, [new HeaderBlock({ 'Unique-ID': id })], undefined);
  const subscription = new Subscription();
  t.notOk(subscription.wants(event('DTMF')));
  // As drachtio-modesl writes it: CUSTOM repeated, a core event behind it, C names.
  subscription.add(
    'DTMF SWITCH_EVENT_PLAYBACK_START CUSTOM conference::maintenance CUSTOM vad_detect:detection BACKGROUND_JOB'.split(
      ' ',
    ),
  );
  t.ok(subscription.wants(event('DTMF')));
  t.ok(subscription.wants(event('PLAYBACK_START')));
  t.ok(subscription.wants(event('BACKGROUND_JOB')));
  t.ok(subscription.wants(event('CUSTOM', 'conference::maintenance')));
  t.ok(subscription.wants(event('CUSTOM', 'vad_detect:detection')));
  t.notOk(subscription.wants(event('CUSTOM', 'mod_audio_fork::connect')));
  t.notOk(subscription.wants(event('CHANNEL_ANSWER')));
  subscription.addFilter('Unique-ID', 'b');
  t.notOk(subscription.wants(event('DTMF')));
  subscription.addFilter('Unique-ID', 'a');
  t.ok(subscription.wants(event('DTMF')), 'one of several is enough');
  subscription.removeFilter('Unique-ID', 'a');
  t.notOk(subscription.wants(event('DTMF')));
  subscription.removeFilter('all', undefined);
  subscription.remove(['DTMF']);
  t.notOk(subscription.wants(event('DTMF')));
  subscription.add(['all']);
  t.ok(subscription.wants(event('CHANNEL_ANSWER')));
  subscription.clear();
  t.ok(subscription.isEmpty);
  t.end();
});

t.test('arguments are split as the real server splits them', (t) => {
  t.same(splitArguments('u stop bot \'{"a": "b c"}\''), ['u', 'stop', 'bot', '{"a": "b c"}']);
  t.same(splitArguments("^^|u|start|ws://x/|mono|8000||'a|b'|true|false|"), [
    ...['u', 'start', 'ws://x/', 'mono', '8000', '', 'a|b', 'true', 'false'],
  ]);
  t.same(parseMultiset('^^^a=1^b=two words'), [
    ['a', '1'],
    ['b', 'two words'],
  ]);
  const variables = new ChannelVariables();
  variables.set('a', '1');
  variables.set('gone', 'x');
  variables.set('gone', '_undef_');
  t.equal(variables.expand('${a}-${gone}-$5-${api(x)}'), '1--$5-${api(x)}');
  t.end();
});

t.test('a fork order is understood in all three lengths in use', (t) => {
  const long = parseForkCommand('^^|u|start|http://h:1/p?q=1|stereo|16k||\'{"a":1}\'|true|true|24000');
  t.match(long, {
    kind: 'start',
    request: {
      name: 'audio_fork',
      url: 'ws://h:1/p?q=1',
      mix: 'stereo',
      sampleRateHz: 16000,
      metadata: '{"a":1}',
      playRateHz: 24000,
    },
  });
  t.match(parseForkCommand('u start ws://h/ mono 8k {"a":1}'), {
    request: { name: 'audio_fork', metadata: '{"a":1}' },
  });
  t.match(parseForkCommand('u start ws://h/ mono 8k bug'), {
    request: { name: 'bug', playRateHz: undefined },
  });
  const listenOnly = parseForkCommand('^^|u|start|ws://h/|mono|8000|b||false|true|8000');
  t.match(listenOnly, { request: { isBidirectional: false, playRateHz: undefined } });
  t.match(parseForkCommand('u stop {"bye":1}'), { name: 'audio_fork', text: '{"bye":1}' });
  for (const bad of [
    '',
    'u',
    'u dance',
    'u start',
    'u start ws://h/ mono 11025',
    'u start ftp://h/ mono 8k',
  ]) {
    t.equal(parseForkCommand(bad), undefined, bad);
  }
  t.end();
});

t.test(
  'bot audio goes out sample for sample, however it came in, and marks after what was before them',
  (t) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (lengths) => {
        const queue = new BotAudioQueue();
        let next = 1;
        for (const length of lengths) queue.push(Int16Array.from({ length }, () => next++));
        queue.mark('end');
        const heard: number[] = [];
        for (let tick = 0; tick < 120; tick += 1) {
          const out = new Int16Array(160);
          if (!queue.mix(out)) continue;
          heard.push(...out);
          const reached = queue.takeReached();
          t.equal(
            reached !== undefined,
            heard.length >= next - 1,
            'the mark is reached with the last sample, not before',
          );
        }
        t.same(
          heard.slice(0, next - 1),
          Array.from({ length: next - 1 }, (_, i) => i + 1),
        );
        t.ok(heard.slice(next - 1).every((sample) => sample === 0));
      }),
      { numRuns: 30 },
    );
    t.end();
  },
);

t.test('half a frame waits one tick for its rest; ten seconds fit, more is refused', (t) => {
  const queue = new BotAudioQueue();
  queue.push(new Int16Array(100).fill(1));
  const out = new Int16Array(160);
  t.notOk(queue.mix(out));
  queue.push(new Int16Array(100).fill(1));
  t.ok(queue.mix(out));
  t.equal(out[159], 1, 'no hole in the word');
  t.notOk(queue.mix(out));
  t.ok(queue.mix(new Int16Array(160)), 'the end goes out alone');
  t.equal(queue.push(new Int16Array(80_100)), 100);
  queue.mark('a');
  t.same(queue.clear(), ['a']);
  t.notOk(queue.mix(out));
  t.end();
});

t.test('tone scripts', (t) => {
  const parsed = parseToneScript('v=-20;%(250,250,440,480);loops=2');
  t.equal(parsed?.loops, 2);
  const source = new ToneSource(parsed?.steps ?? [], parsed?.loops ?? 0);
  t.equal(source.totalSamples, 8000);
  const all = new Int16Array(9000);
  t.equal(source.read(all), 8000);
  t.ok(peak(all.subarray(0, 2000)) > 2000 && peak(all.subarray(0, 2000)) < 4000);
  t.equal(peak(all.subarray(2000, 4000)), 0);
  t.equal(parseToneScript('12#')?.steps.length, 3);
  t.equal(parseToneScript('%(200'), undefined);
  t.equal(parseToneScript(''), undefined);
  t.equal(
    new ToneSource([{ onSamples: 0, offSamples: 0, frequenciesHz: [], amplitude: 1 }], -1).read(all),
    0,
  );
  t.end();
});

t.test('causes', (t) => {
  t.equal(hangupCause('user_busy'), 'USER_BUSY');
  t.equal(hangupCause('21'), 'CALL_REJECTED');
  t.equal(hangupCause('no such thing'), 'NORMAL_CLEARING');
  t.equal(hangupCause(''), 'NORMAL_CLEARING');
  t.equal(reasonHeader('USER_BUSY'), 'Q.850;cause=17;text="USER_BUSY"');
  t.end();
});
