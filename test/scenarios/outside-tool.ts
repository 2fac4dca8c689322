import { execFile, type ExecFileException } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program is on the PATH; tests of what is missing are skipped by its name. */
export function findTool(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

export interface ToolResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end; ends it by SIGKILL after `limitMs`. Never rejects. */
export function runTool(file: string, args: readonly string[], limitMs: number): Promise<ToolResult> {
  return new Promise((resolve) => {
    execFile(
      file,
      [...args],
      { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 16 * 1024 * 1024 },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
          output: `${stdout}\n${stderr}`.slice(-6000),
        }),
    );
  });
}

/** An even port that is free now, with the one above it: both for UDP, it for TCP too. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const first = await bind(0);
    const port = first === undefined ? 1 : first.address().port;
    const second = port % 2 === 0 ? await bind(port + 1) : undefined;
    first?.close();
    second?.close();
    if (second !== undefined && (await isFreeForTcp(port))) return port;
  }
}

/** baresip listens for commands by TCP, and connections of other tests have ports of the same range. */
function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function bind(port: number): Promise<ReturnType<typeof createSocket> | undefined> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(undefined));
    socket.bind(port, '127.0.0.1', () => resolve(socket));
  });
}
