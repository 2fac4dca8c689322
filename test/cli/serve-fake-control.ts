import type { Test } from 'tap';
import { silentLogger } from '../../src/core/logger.js';
import { createHttpServer } from '../../src/http/http-server.js';
import { Metrics } from '../../src/http/metrics.js';
import { PromptFiles } from '../../src/http/prompt-files.js';
import { FakeControl } from '../http/fake-control.js';

/** A running server as the CLI finds it in a data folder, with nothing behind its control routes; ended by the test. */
export async function serveFakeControl(t: Test): Promise<{ control: FakeControl; dataDir: string }> {
  const dataDir = t.testdir();
  const control = new FakeControl();
  const server = await createHttpServer({
    listen: { host: '127.0.0.1', port: 0 },
    logger: silentLogger,
    health: () => control.report,
    metrics: new Metrics({ liveCalls: () => 1 }),
    prompts: new PromptFiles(),
    control,
    dataDir,
    version: '0',
  });
  t.teardown(() => server.close());
  return { control, dataDir };
}
