/**
 * `npm run bench -- reference --drachtio drachtio://:SECRET@HOST:PORT --freeswitch esl://:SECRET@HOST:PORT [--profile NAME]
 * [--calls 100] [--seconds 60]`: `bench media`, the same callers and the same application, against any pair of daemons on
 * this machine. The CPU is the application's alone; the daemons' own is what their host counts.
 */
import { run as media } from './media.js';

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const given = (name: string) => args.some((arg) => arg === name || arg.startsWith(`${name}=`));
  if (!given('--drachtio') || !given('--freeswitch')) {
    console.error(
      'bench reference needs --drachtio drachtio://:SECRET@HOST:PORT and --freeswitch esl://:SECRET@HOST:PORT',
    );
    process.exit(2);
  }
  const { cpuMsPerCallMinute, ...figures } = await media(args);
  return { applicationCpuMsPerCallMinute: cpuMsPerCallMinute, ...figures };
}
