import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../../src/audio/wav.js';
import { testTls } from '../embedded/sip/certificate.js';
import { findTool, freePortPair } from './outside-tool.js';
import { projectDir } from './server-process.js';

const program = findTool('baresip');
const modules = ['/usr/lib/baresip/modules', '/usr/local/lib/baresip/modules'].find((path) =>
  existsSync(path),
);
/** Why tests of it are skipped; false: it is there. */
export const withoutBaresip =
  program === undefined || modules === undefined ? 'baresip is not installed' : false;

/** Where one of its modules would lie. */
export function baresipModule(name: string): string {
  return join(modules ?? '', `${name}.so`);
}

/** What baresip tells over its control connection. */
interface PhoneEvent {
  readonly event?: boolean;
  readonly type?: string;
  readonly param?: string;
}

/** A baresip process, driven over its ctrl_tcp module (JSON in netstrings). */
export class BaresipPhone {
  readonly #events: PhoneEvent[] = [];
  #waiters: (() => void)[] = [];
  #buffer = '';
  output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly control: Socket,
    readonly directory: string,
  ) {
    control.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    control.on('error', () => undefined);
  }

  /**
   * Starts a phone that speaks `sound` (mono, 8 kHz) as soon as a call is up. `account`:
   * a line in place of the accounts file's, for a phone that registers. `more`: lines for its configuration.
   */
  static async start(
    sound: Int16Array,
    account?: string,
    more: readonly string[] = [],
  ): Promise<BaresipPhone> {
    const directory = await mkdtemp(join(tmpdir(), 'xiangyin-baresip-'));
    const soundFile = join(directory, 'sound.wav');
    await writeFile(soundFile, encodeWav(sound, { sampleRateHz: 8000 }));
    const [sipPort, mediaPort, controlPort] = [
      await freePortPair(),
      await freePortPair(),
      await freePortPair(),
    ];
    for (const name of ['config', 'accounts']) {
      const template = await readFile(join(projectDir, 'test/scenarios/baresip', name), 'utf8');
      const text = template
        .replaceAll('SOUND_FILE', soundFile)
        .replaceAll('CA_FILE', testTls.ca)
        .replaceAll('HOME_DIR', directory)
        .replaceAll('SIP_PORT', String(sipPort))
        .replaceAll('MEDIA_PORT', String(mediaPort))
        .replaceAll('MEDIA_LAST', String(mediaPort + 20))
        .replaceAll('CONTROL_PORT', String(controlPort))
        .replaceAll('MODULES', modules ?? '');
      const moreText = more.map((line) => `${line}\n`).join('');
      await writeFile(join(directory, name), name === 'accounts' ? (account ?? text) : text + moreText);
    }
    await writeFile(join(directory, 'contacts'), '');
    const child = spawn(program ?? 'baresip', ['-4', '-f', directory], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      const control = await connectWithin(controlPort, 10_000, child);
      const phone = new BaresipPhone(child, control, directory);
      Object.defineProperty(phone, 'output', { get: () => output.slice(-3000) });
      return phone;
    } catch (error) {
      child.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
      throw new Error(`baresip did not start\n${output}`, { cause: error });
    }
  }

  command(command: string, params = ''): void {
    const json = JSON.stringify({ command, params, token: command });
    this.control.write(`${Buffer.byteLength(json)}:${json},`);
  }

  /** Resolves with whether an event of this type (`CALL_ESTABLISHED`, `CALL_CLOSED`) came within the limit. */
  async heardOf(type: string, limitMs: number): Promise<boolean> {
    const endMs = Date.now() + limitMs;
    while (!this.#events.some((event) => event.type === type)) {
      const leftMs = endMs - Date.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return true;
  }

  /** WAV files that baresip wrote of what it heard (`dec`) or said (`enc`). */
  async dumps(kind: 'dec' | 'enc'): Promise<string[]> {
    const names = await readdir(this.directory);
    return names
      .filter((name) => name.startsWith('dump') && name.endsWith(`${kind}.wav`))
      .map((name) => join(this.directory, name));
  }

  /** Ends the process; its files stay until {@link remove}. */
  async quit(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const closed = once(this.child, 'close');
    this.command('quit');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3_000);
    await closed;
    clearTimeout(timer);
    this.control.destroy();
  }

  async remove(): Promise<void> {
    await this.quit();
    await rm(this.directory, { recursive: true, force: true });
  }

  #receive(text: string): void {
    this.#buffer += text;
    for (;;) {
      const match = /^(\d+):/.exec(this.#buffer);
      if (match === null) return;
      const start = match[0].length;
      const end = start + Number(match[1]);
      if (this.#buffer.length < end + 1) return;
      this.#events.push(JSON.parse(this.#buffer.slice(start, end)) as PhoneEvent);
      this.#buffer = this.#buffer.slice(end + 1);
      for (const waiter of this.#waiters.splice(0)) waiter();
    }
  }
}

async function connectWithin(port: number, limitMs: number, child: ChildProcess): Promise<Socket> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      socket.destroy();
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
