import type { Command } from 'commander';
import { describe as compaction } from '../benches/compaction.ts';
import { describe as generate } from '../benches/generate.ts';
import { describe as ingest } from '../benches/ingest.ts';
import { describe as latency } from '../benches/latency.ts';
import { describe as publish } from '../benches/publish.ts';
import { describe as serve } from '../benches/serve.ts';
import { describe as window } from '../benches/window.ts';

/** A bench is a file in ../benches, which says what is measured, and one in /bench, which measures. */
export function register(command: Command): void {
  command.addHelpText('after', '\nFigures are those of one machine at one time: docs/benchmarks.md');
  generate(command.command('generate').description('measure how fast events are generated'));
  publish(
    command
      .command('publish')
      .description('measure how fast records are sent to Kafka, beside its own producer'),
  );
  window(command.command('window').description('measure whole windows, step by step'));
  ingest(
    command
      .command('ingest')
      .description('measure how fast Spark brings records into the lake, beside a bare copy'),
  );
  serve(command.command('serve').description('measure how fast the pages of the dashboard open and answer'));
  compaction(
    command.command('compaction').description('measure what rewriting small files takes and brings'),
  );
  latency(
    command.command('latency').description('measure how long an event of the live stream is under way'),
  );
}
