import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 up for a process that serves for long; call it before the first worker starts. What a command line does in a
 * second is better off with V8's own choice.
 */
export function tuneRuntime(): void {
  // Compiles a function to machine code when it first runs, instead of after many runs in the interpreter: the first
  // seconds after a start cost a third less, and callers who waited for the restart come in exactly these.
  setFlagsFromString('--always-sparkplug');
  // A heap may grow to four times what lived in it before it is marked whole again. What a call holds outlives two
  // scavenges and is old when it ends; with V8's smaller steps that was a marking every ten calls.
  setFlagsFromString('--heap-growing-percent=300');
}
