import { XiangyinError } from '../core/errors.js';

/**
 * What a person is told of the error that ended a command, in a line; undefined: it is a fault of ours, and shown whole. A
 * file that is not there and a port that is taken are the user's to put right.
 */
export function failureText(error: unknown): string | undefined {
  if (error instanceof XiangyinError) return error.message;
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall, address, port } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
  };
  if (code === undefined) return undefined;
  if (syscall === 'listen' && address !== undefined && port !== undefined) {
    const reason = code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${code})`;
    return `port ${port} on ${address} ${reason}: choose another one`;
  }
  if (path === undefined) return undefined;
  return code === 'ENOENT' ? `${path}: there is no such file or folder` : `${path}: cannot be used (${code})`;
}
