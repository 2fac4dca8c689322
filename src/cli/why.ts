import type { Command } from 'commander';
import { explainEnd } from '../store/end-reason-text.js';
import { dataFolderCommand, dataDirOf, keptCall } from './kept-calls.js';
import type { DataFolderFlags } from './kept-calls.js';
import { terminalText } from './terminal-text.js';

/** `xiangyin why <call-id>`: one paragraph on why a call was refused or ended. */
export function addWhyCommand(program: Command): void {
  dataFolderCommand(program, 'why', 'why a call was refused, or ended')
    .argument('<call-id>', "the call's id, a beginning of it that no other has, or its SIP Call-ID")
    .option('--json', 'print one JSON object: {id, endReason, sipStatus, q850Cause, text}')
    .action(async (key: string, flags: DataFolderFlags & { json?: boolean }) => {
      const record = await keptCall(await dataDirOf(flags), key);
      const text = explainEnd(record);
      const { id, endReason, sipStatus, q850Cause } = record;
      console.log(
        flags.json === true
          ? JSON.stringify({ id, endReason, sipStatus, q850Cause, text })
          : terminalText(text),
      );
    });
}
