import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { BufferSource } from './audio-source.js';
import type { Conference } from './conference.js';
import type { ConferenceCommand } from './conference-command.js';
import type { ConferenceMember } from './conference-member.js';
import type { StopScope } from './conference-sounds.js';
import { changeVolume } from './volume-steps.js';

/** Commands that play into a conference or to one member. */
export const SOUND_COMMANDS: Readonly<Record<string, ConferenceCommand>> = {
  play: (conference, words, { logger }) => play(conference, words, logger),
  pause_play: (conference, [id]) => {
    const queue = soundsOf(conference, id);
    if (queue?.current === undefined) return '-ERR Nothing is playing\n';
    queue.isPaused = !queue.isPaused;
    return queue.isPaused ? '+OK Pause\n' : '+OK Resume\n';
  },
  'file-vol': (conference, [value, id]) => {
    const queue = soundsOf(conference, id);
    if (value === undefined) return '-ERR missing args\n';
    if (queue?.current === undefined) return '-ERR File not playing\n';
    queue.volume = changeVolume(queue.volume, value);
    return '+OK volume changed\n';
  },
  stop: (conference, [scope = '', id]) => {
    const which: StopScope | undefined = scope === 'async' ? 'all' : stopScope(scope);
    if (which === undefined) return undefined;
    const queue = soundsOf(conference, id);
    return queue === undefined
      ? `-ERR Member: ${id ?? ''} not found.\n`
      : `+OK Stopped ${queue.stop(which)} files.\n`;
  },
  say: async (conference, _words, { text, logger }) => {
    if (text === '') return '-ERR (say) Error! No text.\n';
    const source = await speech(conference, text, logger);
    if (source === undefined || conference.members.size === 0) return '-ERR (say) Error!\n';
    conference.sounds.push('say:', source);
    conference.events.conference(conference, 'speak-text');
    return '+OK (say) OK\n';
  },
  saymember: async (conference, [id = ''], { text, logger }) => {
    const words = text.slice(id.length).trim();
    if (words === '') return '-ERR (saymember) No Text!\n';
    const member = conference.members.get(Number(id));
    if (member === undefined) return `-ERR (saymember) Unknown Member ${id}!\n`;
    const source = await speech(conference, words, logger);
    if (source === undefined || !isIn(conference, member)) return '-ERR (saymember) Error!\n';
    member.sounds.push('say:', source);
    conference.events.member(member, 'speak-text-member');
    return '+OK (saymember) OK\n';
  },
};

function stopScope(word: string): StopScope | undefined {
  return word === 'current' || word === 'all' || word === 'last' ? word : undefined;
}

function soundsOf(conference: Conference, id: string | undefined) {
  return id === undefined ? conference.sounds : conference.members.get(Number(id))?.sounds;
}

function isIn(conference: Conference, member: ConferenceMember): boolean {
  return conference.members.get(member.id) === member;
}

async function play(
  conference: Conference,
  [file, ...rest]: readonly string[],
  logger: Logger,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  // Settings of the file (`vol=1`) and `async` may stand before the member; sounds play one after another anyway.
  const id = rest.find((word) => /^\d+$/.test(word));
  const member = id === undefined ? undefined : conference.members.get(Number(id));
  if (id !== undefined && member === undefined) return `-ERR Member: ${id} not found.\n`;
  const source = await conference.openSound(file).catch((error: unknown) => {
    logger.warn({ code: errorCode(error) }, 'a sound for a conference could not be opened');
    return undefined;
  });
  // While it was opened the conference may have ended, or the member left.
  const isHeard = member === undefined ? conference.members.size > 0 : isIn(conference, member);
  if (source === undefined || !isHeard) return `-ERR (play) File: ${file} not found.\n`;
  if (member === undefined) {
    conference.sounds.push(file, source);
    conference.events.conference(conference, 'play-file', { File: file });
    return `+OK (play) Playing file ${file}\n`;
  }
  member.sounds.push(file, source);
  conference.events.member(member, 'play-file-member', { File: file });
  return `+OK (play) Playing file ${file} to member ${member.id}\n`;
}

async function speech(conference: Conference, text: string, logger: Logger) {
  if (!conference.canSpeak) return undefined;
  try {
    return new BufferSource(await conference.synthesize(text), { isReadAhead: false });
  } catch (error) {
    logger.warn({ code: errorCode(error) }, 'a conference could not be told something');
    return undefined;
  }
}
