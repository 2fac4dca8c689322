import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectDir } from '../scenarios/server-process.js';

/** Starts a bench's process; `file` in this folder, compiled. Its messages may hold typed arrays and maps. */
export function startChild(file: string, args: readonly string[] = []): ChildProcess {
  return fork(join(projectDir, 'dist/test/bench', file), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
}

/** What a process tells at its end when it was given this task; rejects when it ends without a word. It is killed then. */
export async function resultOf<T>(file: string, task: object): Promise<T> {
  const child = startChild(file);
  try {
    return await new Promise<T>((resolve, reject) => {
      child.once('message', (result) => resolve(result as T));
      child.once('error', reject);
      // Not 'exit': that may come before what the process said last.
      child.once('disconnect', () => reject(new Error(`${file} ended without a result`)));
      child.send(task);
    });
  } finally {
    child.kill('SIGKILL');
  }
}
