import { connect, type Socket } from 'node:net';
import { formatHostPort, type HostPort } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { within } from '../core/deadline.js';
import type { ForkPlan } from './audio-fork.js';
import { mediaError } from './errors.js';

export interface ProbeOptions {
  readonly address: HostPort;
  readonly secret: string;
  readonly profile: string;
  readonly clock: Clock;
  /** How long the daemon may take for all answers, ms. Default 3000. */
  readonly limitMs?: number;
}

/**
 * Asks a FreeSWITCH on a socket of our own whether calls can run there, before the library is let to it: the library
 * throws where nobody can catch it when the profile is missing, and goes on silently when the secret is wrong.
 * Rejects MEDIA_DAEMON_UNREACHABLE, MEDIA_DAEMON_REFUSED, MEDIA_NO_PROFILE, MEDIA_NO_AUDIO_FORK.
 */
export async function probe(options: ProbeOptions): Promise<ForkPlan> {
  const { address, secret, profile, clock, limitMs = 3000 } = options;
  const shown = formatHostPort(address);
  const socket = connect(address.port, address.host).setNoDelay(true);
  try {
    return await within(clock, limitMs, ask(new Dialogue(socket, shown), secret, profile, shown), () =>
      mediaError('MEDIA_DAEMON_UNREACHABLE', { address: shown, reason: 'no answer' }),
    );
  } finally {
    socket.destroy();
  }
}

async function ask(dialogue: Dialogue, secret: string, profile: string, shown: string): Promise<ForkPlan> {
  if ((await dialogue.next()).type !== 'auth/request')
    throw mediaError('MEDIA_DAEMON_REFUSED', { address: shown, reason: 'its access list shuts us out' });
  const accepted = await dialogue.send(`auth ${secret}`);
  if (!accepted.reply.startsWith('+OK'))
    throw mediaError('MEDIA_DAEMON_REFUSED', {
      address: shown,
      reason: 'check the secret in freeswitch.url',
    });
  const status = (await dialogue.send('api sofia status')).body;
  if (!hasProfile(status, profile)) throw mediaError('MEDIA_NO_PROFILE', { address: shown, profile });
  // Only the embedded server knows the variable; FreeSWITCH answers it empty.
  const own = (await dialogue.send('api global_getvar xiangyin_stereo_bidirectional')).body;
  if (own.trim() === 'true') return 'stereo';
  const module = (await dialogue.send('api module_exists mod_audio_fork')).body;
  if (module.trim() !== 'true') throw mediaError('MEDIA_NO_AUDIO_FORK', { address: shown });
  return 'mono-and-stereo';
}

/** As drachtio-fsmrf reads it: the profile's line with an IPv4 address; and running, which it does not look at. */
export function hasProfile(sofiaStatus: string, profile: string): boolean {
  return sofiaStatus
    .split('\n')
    .some(
      (line) =>
        line.trim().split(/\s+/)[0] === profile &&
        /sip:mod_sofia@(\d{1,3}\.){3}\d{1,3}:\d+\s.*RUNNING/.test(line),
    );
}

interface Frame {
  readonly type: string;
  readonly reply: string;
  readonly body: string;
}

/** One question at a time over the Event Socket. */
class Dialogue {
  #received = Buffer.alloc(0);
  #waiting: { resolve(frame: Frame): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;

  constructor(
    private readonly socket: Socket,
    address: string,
  ) {
    const fail = (reason: string) => {
      this.#failure ??= mediaError('MEDIA_DAEMON_UNREACHABLE', { address, reason });
      this.#waiting?.reject(this.#failure);
    };
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('close', () => fail('it closed the connection'));
    socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#deliver();
    });
  }

  send(command: string): Promise<Frame> {
    this.socket.write(`${command}\n\n`);
    return this.next();
  }

  next(): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#deliver();
    });
  }

  #deliver(): void {
    const end = this.#received.indexOf('\n\n');
    if (end === -1 || this.#waiting === undefined) return;
    const head = this.#received.subarray(0, end).toString('utf8');
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'mi').exec(head)?.[1] ?? '';
    const bodyEnd = end + 2 + Number(header('Content-Length') || 0);
    if (this.#received.length < bodyEnd) return;
    const body = this.#received.subarray(end + 2, bodyEnd).toString('utf8');
    this.#received = this.#received.subarray(bodyEnd);
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve({ type: header('Content-Type'), reply: header('Reply-Text'), body });
  }
}
