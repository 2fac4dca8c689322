import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../src/http/control-client.js';
import { shareSpeech } from '../shared-speech.js';

/** The project's folder; this file runs from dist/test/scenarios. */
export const projectDir = fileURLToPath(new URL('../../../', import.meta.url));

export interface ServerProcessOptions {
  /** Added to the environment: `XIANGYIN_…`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 30000. */
  readonly readyWithinMs?: number;
  /** Whether it finds what other tests' servers have spoken ({@link shareSpeech}). Default false: a fresh one measures. */
  readonly sharedSpeech?: boolean;
}

interface ReadyLine {
  readonly ready: true;
  readonly sip: readonly string[];
  readonly http: string;
}

/** How a process ended, and what it had to say. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** The shipped server as a process of its own, in a data folder of its own, on free ports of 127.0.0.1. */
export class ServerProcess {
  #stderr = '';
  readonly #exited: Promise<ServerExit>;
  #done = false;

  private constructor(
    private readonly child: ChildProcess,
    readonly dataDir: string,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Enough for a failure's last words.
      this.#stderr = (this.#stderr + text).slice(-20_000);
    });
    // A test that fails hard must not leave a server behind.
    const orphan = () => void child.kill('SIGKILL');
    process.once('exit', orphan);
    this.#exited = once(child, 'close').then(([code, signal]) => {
      this.#done = true;
      process.off('exit', orphan);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, stderr: this.#stderr };
    });
  }

  /** `host:port` of the UDP listener. */
  sip = '';
  /** Base URL. */
  http = '';

  /** Resolves when the server takes calls; rejects with its last words if it ends before. */
  static async start(options: ServerProcessOptions = {}): Promise<ServerProcess> {
    const dataDir = await mkdtemp(join(tmpdir(), 'xiangyin-server-'));
    if (options.sharedSpeech === true) await shareSpeech(dataDir);
    const server = new ServerProcess(spawnServer(dataDir, options.env), dataDir);
    try {
      const ready = await server.#ready(options.readyWithinMs ?? 30_000);
      server.sip = (ready.sip.find((address) => address.startsWith('udp')) ?? '').replace(/^udp[:/]/, '');
      server.http = ready.http;
      return server;
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves when the process has ended by itself or by a signal. */
  get exited(): Promise<ServerExit> {
    return this.#exited;
  }

  control(): Promise<ControlClient> {
    return ControlClient.open(this.dataDir);
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await (await this.control()).status()).counts;
  }

  /** Waits, at most 10 s, until the server says so of itself. */
  async until(holds: (control: ControlClient) => Promise<boolean>): Promise<void> {
    const control = await this.control();
    const endMs = performance.now() + 10_000;
    while (!(await holds(control))) {
      if (performance.now() > endMs) throw new Error(`not within 10 s: ${holds.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGTERM, and wait for the end. The data folder stays until {@link remove}. */
  async stop(): Promise<ServerExit> {
    if (!this.#done) this.child.kill('SIGTERM');
    return this.#exited;
  }

  /** For a test's teardown: ends what still runs, and deletes its data. */
  async kill(): Promise<void> {
    if (!this.#done) this.child.kill('SIGKILL');
    await this.#exited;
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Every file under the data folder that ends so, e.g. `.wav`, as absolute paths. */
  async files(suffix: string): Promise<string[]> {
    const entries = await readdir(this.dataDir, { recursive: true });
    return entries.filter((name) => name.endsWith(suffix)).map((name) => join(this.dataDir, name));
  }

  async #ready(limitMs: number): Promise<ReadyLine> {
    const stdout = this.child.stdout;
    if (stdout === null) throw new Error('no standard output');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not ready within ${limitMs} ms\n${this.#stderr}`)), limitMs);
    });
    const ended = this.#exited.then(({ code, stderr }): never => {
      throw new Error(`the server ended with ${code} before it was ready\n${stderr}`);
    });
    ended.catch(() => undefined);
    try {
      return await Promise.race([firstLine(stdout), late, ended]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Starts the command without waiting for anything. */
export function spawnServer(dataDir: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [join(projectDir, 'dist/src/main.js'), 'serve', '--json'], {
    cwd: projectDir,
    env: {
      // What tests are told is no option of the server, and a variable that it does not know is an error.
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !name.startsWith('XIANGYIN_TEST_')),
      ),
      XIANGYIN_DATA_DIR: dataDir,
      XIANGYIN_SIP_LISTEN: 'udp:127.0.0.1:0',
      XIANGYIN_HTTP_LISTEN: '127.0.0.1:0',
      XIANGYIN_MEDIA_SERVER_RTP_PORTS: process.env['XIANGYIN_TEST_RTP_PORTS'] ?? '30000-39999',
      XIANGYIN_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function firstLine(stream: NodeJS.ReadableStream): Promise<ReadyLine> {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
      const line = text.split('\n').find((candidate) => candidate.startsWith('{"ready"'));
      if (line !== undefined && text.includes(`${line}\n`)) resolve(JSON.parse(line) as ReadyLine);
    });
  });
}
