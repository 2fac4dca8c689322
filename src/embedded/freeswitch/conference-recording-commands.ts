import type { Conference } from './conference.js';
import type { ConferenceCommand } from './conference-command.js';

/** Commands about the recordings of a conference: the old words, and `recording` with an action. */
export const RECORDING_COMMANDS: Readonly<Record<string, ConferenceCommand>> = {
  record: (conference, [path]) => start(conference, path),
  norecord: (conference, [path]) => stop(conference, path),
  chkrecord: (conference) => check(conference),
  pause: (conference, [path]) => pause(conference, path, true),
  resume: (conference, [path]) => pause(conference, path, false),
  recording: (conference, [action = '', path]) => {
    switch (action.toLowerCase()) {
      case 'start':
        return start(conference, path);
      case 'stop':
        return stop(conference, path ?? 'all');
      case 'check':
        return check(conference);
      case 'pause':
      case 'resume':
        return pause(conference, path, action.toLowerCase() === 'pause');
      default:
        // The old words had no action: what stands there is the file.
        return path === undefined && action !== '' ? start(conference, action) : undefined;
    }
  },
};

function start(conference: Conference, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return conference.recordings.start(path, conference.soundPrefix)
    ? `+OK Record file ${path}\n`
    : `-ERR file [${path}] is already being used for recording.\n`;
}

/** Names each file: clients look for that line. */
function stop(conference: Conference, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const stopped = conference.recordings.stop(path);
  const missing = stopped.length === 0 && path !== 'all' ? `-ERR non-existant recording '${path}'\n` : '';
  const named = stopped.map((file) => `Stopped recording file ${file}\n`).join('');
  return `${named}${missing}+OK Stopped recording ${stopped.length} file${stopped.length === 1 ? '' : 's'}\n`;
}

function check(conference: Conference): string {
  const paths = conference.recordings.paths;
  if (paths.length === 0) return '-ERR Conference is not being recorded.\n';
  return paths.map((path) => `+OK Record file ${path}\n`).join('');
}

function pause(conference: Conference, path: string | undefined, isPause: boolean): string | undefined {
  if (path === undefined) return undefined;
  // The real server says so before it looks; of one that is not there it says that too.
  const said = `+OK ${isPause ? 'Pause' : 'Resume'} recording file ${path}\n`;
  return conference.recordings.pause(path, isPause) ? said : `${said}-ERR non-existant recording '${path}'\n`;
}
