import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readPosition } from '../../activities/stream-position.ts';
import { createKafka } from '../../clients/kafka.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC } from '../../contracts/topics.ts';
import { ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import type { Installation } from '../installation.ts';
import { until } from './until.ts';

/** Of `reprise live status --json`, what is looked at here. */
const View = z.object({
  state: z.enum(['running', 'stopped', 'failed']),
  stream: z
    .object({ attempt: z.number(), state: z.enum(['runs', 'waits']), failure: z.string().nullable() })
    .nullable(),
});
export type View = z.infer<typeof View>;

const PROGRAM = /^\S*java .*org\.apache\.spark\.deploy\.SparkSubmit.* jobs\/stream\.py /;

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The resident stream of an installation, as a person at its command line and in its process list has it. */
export class Resident {
  readonly #installation: () => Installation;
  readonly #direct: () => Config;
  readonly #limitMs: number;

  /** @param direct how a test reaches the servers, whatever stands between them and the stream */
  constructor(installation: () => Installation, limitMs: number, direct?: () => Config) {
    this.#installation = installation;
    this.#limitMs = limitMs;
    this.#direct = direct ?? (() => installation().config);
  }

  async start(...options: string[]): Promise<void> {
    await this.#installation().repriseOrThrow('live', 'start', ...options);
  }

  async stop(): Promise<void> {
    await this.#installation().repriseOrThrow('live', 'stop');
  }

  async view(): Promise<View> {
    // Its exit code says whether the stream runs, too.
    const { stdout } = await this.#installation().reprise('live', 'status', '--json');
    return View.parse(JSON.parse(stdout));
  }

  /** The process of the stream; undefined while there is none. */
  async jvm(): Promise<number | undefined> {
    const owned = await ownedProcesses(this.#installation().config.paths.instance);
    return owned.find((pid) => PROGRAM.test(commandOf(pid)));
  }

  /** @returns the pid that is no more */
  async kill(): Promise<number> {
    const pid = await until('the stream has a process', () => this.jvm(), this.#limitMs);
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Records in the topic that are not in the tables yet. */
  async behind(): Promise<bigint> {
    const { kafka: settings, objectStore } = this.#direct();
    const kafka = createKafka({ brokers: settings.brokers, clientId: 'reprise-test-lag' });
    const bounds = await fetchBounds(kafka, EVENTS_TOPIC);
    const position = await readPosition({ store: createObjectStore(objectStore) });
    return bounds
      .map(({ partition, low, high }) => high - BigInt(position?.offsets[partition] ?? low))
      .reduce((sum, records) => sum + (records > 0n ? records : 0n), 0n);
  }

  /** Waits until all that has arrived is in the tables. @returns seconds */
  async catchUp(): Promise<number> {
    const since = performance.now();
    await until('the stream has taken everything', async () => (await this.behind()) === 0n, this.#limitMs);
    return (performance.now() - since) / 1_000;
  }
}

/** The most memory that a process has ever had, in MB; 0 when it is gone. */
export function peakMemory(pid: number): number {
  try {
    const [, kilobytes = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1_024);
  } catch {
    return 0;
  }
}
