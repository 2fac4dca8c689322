import { t } from 'tap';
import { addWhyCommand } from '../../src/cli/why.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { sampleRecord } from '../store-contract/sample-record.js';
import { runCommand } from './run-command.js';

t.test('why tells the end of a kept call, for people and for machines', async (t) => {
  const dataDir = t.testdir();
  const store = await createSqliteStore({ file: databaseFile(dataDir) });
  const record = sampleRecord({
    endReason: 'error',
    detail: 'the media server ended the call',
    q850Cause: 34,
  });
  await store.save(record);
  await store.close();

  const text = await runCommand(t, addWhyCommand, ['why', record.id, '--data-dir', dataDir]);
  t.equal(
    text,
    'The call from +442079460123 to 1000 failed after 10.4 s: the media server ended the call. ' +
      "It was in node 'confirm' of dialplan 'clinic' then. The cause given was: no line is free (Q.850 cause 34).",
  );
  const json = await runCommand(t, addWhyCommand, ['why', record.id, '--data-dir', dataDir, '--json']);
  t.same(JSON.parse(json), { id: record.id, endReason: 'error', sipStatus: null, q850Cause: 34, text });
  await t.rejects(runCommand(t, addWhyCommand, ['why', 'nothing', '--data-dir', dataDir]), {
    code: 'CLI_NO_SUCH_CALL',
  });
});
