import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool } from './outside-tool.js';

/** SIPp: a SIP client and server that shares no code with ours. Why tests of it are skipped; false: it is there. */
export const withoutSipp = findTool('sipp') === undefined ? 'sipp' : false;

/** A sipp on 127.0.0.1, in a folder of its own. */
export class SippProcess {
  /** Its exit code; 0: every call went as the scenario says. */
  readonly exit: Promise<number | null>;

  private constructor(
    private readonly child: ChildProcess,
    /** Where the files go that `args` name without a folder. */
    readonly folder: string,
  ) {
    this.exit = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  }

  static async start(args: readonly string[]): Promise<SippProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'xiangyin-sipp-'));
    const child = spawn('sipp', [...args, '-i', '127.0.0.1', '-nostdin'], { cwd: folder, stdio: 'ignore' });
    return new SippProcess(child, folder);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it if it still runs, and removes its files. Safe to call twice. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
