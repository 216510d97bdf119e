import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { pathsFor } from '../../config/paths.ts';
import { isPortTaken } from '../../infra/ports-in-use.ts';
import { Stack } from '../../infra/stack.ts';
import { Installation } from '../installation.ts';
import { Disks } from './disks.ts';
import { Line } from './line.ts';
import type { Disk } from './cases.ts';

/** Ports of the blocks that no part of an installation uses. */
const KAFKA_LINE = 10;
const MINIO_LINE = 11;
const WORKERS_LISTENER = 12;

const SERVERS = ['kafka', 'minio'];
const PLATFORM = ['temporal', 'reprise-init', 'worker'];
const READY_LIMIT_MS = 300_000;

export interface GroundsOptions {
  /** Two installations are made: `<name>-servers` and `<name>`. */
  name: string;
  airflow: boolean;
  /** Parts that get a small disk of their own; root only. */
  disks: readonly Disk[];
  settings?: Record<string, string>;
}

/**
 * The ground on which faults strike: Kafka and MinIO as one installation, everything else as another that is configured
 * to reach them over two lines. The lines are where connections are refused, slowed and cut; every server and worker is
 * real and under its own supervisor.
 */
export class Grounds {
  readonly kafkaLine: Line;
  readonly minioLine: Line;
  readonly disks: Disks;
  readonly #servers: Installation;
  #platform: Installation;
  readonly #options: GroundsOptions;

  private constructor(servers: Installation, platform: Installation, disks: Disks, options: GroundsOptions) {
    this.#servers = servers;
    this.#platform = platform;
    this.disks = disks;
    this.#options = options;
    const { portBase } = platform.config;
    this.kafkaLine = new Line(portBase + KAFKA_LINE, servers.config.portBase + WORKERS_LISTENER);
    this.minioLine = new Line(portBase + MINIO_LINE, servers.config.ports.minio);
  }

  static async prepare(options: GroundsOptions): Promise<Grounds> {
    const { name } = options;
    Disks.unmountBelow([pathsFor(`${name}-servers`).instance, pathsFor(name).instance]);
    const servers = await Installation.fresh(`${name}-servers`);
    const disks = new Disks({
      kafka: join(servers.config.paths.data, 'kafka'),
      minio: join(servers.config.paths.data, 'minio'),
      warehouse: join(pathsFor(name).data, 'warehouse'),
      scratch: join(pathsFor(name).data, 'scratch'),
    });
    let grounds: Grounds | undefined;
    try {
      for (const disk of options.disks) if (disk === 'kafka' || disk === 'minio') disks.mount(disk);
      await servers.repriseOrThrow('up', ...SERVERS);
      const platform = await Installation.fresh(name);
      for (const disk of options.disks) if (disk === 'warehouse' || disk === 'scratch') disks.mount(disk);
      grounds = new Grounds(servers, platform, disks, options);
      await grounds.#layLines();
      await grounds.#bringUpPlatform();
      return grounds;
    } catch (error) {
      if (grounds) await grounds.takeDown();
      else {
        await servers.reprise('down');
        disks.unmount();
      }
      throw error;
    }
  }

  /** As the workers see it: over the lines. */
  get platform(): Installation {
    return this.#platform;
  }

  /** As a reader beside them sees it: straight to the servers. */
  get direct(): Config {
    const { kafka, objectStore } = this.#servers.config;
    return { ...this.#platform.config, kafka, objectStore };
  }

  /** Which installation a service belongs to. */
  configOf(service: string): Config {
    return SERVERS.includes(service) ? this.#servers.config : this.#platform.config;
  }

  #stackOf(service: string): Stack {
    return Stack.look(SERVERS.includes(service) ? this.#servers.env : this.#platform.env);
  }

  /** The process of a service. @throws Error when it does not run */
  async pidOf(service: string): Promise<number> {
    const deadline = performance.now() + READY_LIMIT_MS;
    while (performance.now() < deadline) {
      const status = (await this.#stackOf(service).status())?.find(({ name }) => name === service);
      if (status?.pid) return status.pid;
      await sleep(200);
    }
    throw new Error(`${service} does not run`);
  }

  /** Everything runs and says that it is ready. */
  async ready(): Promise<void> {
    for (const env of [this.#servers.env, this.#platform.env]) {
      const stack = Stack.look(env);
      const status = await stack.status();
      const present = new Set(status?.map(({ name }) => name));
      const running = Stack.open(
        env,
        stack.services.map(({ name }) => name).filter((name) => present.has(name)),
      );
      await running.waitUntilReady({ timeoutMs: READY_LIMIT_MS, onStatus: () => undefined });
    }
  }

  /** Gives the store another key; the workers go on with the one that they have. */
  async rotateKey(): Promise<void> {
    const { secretsFile } = this.#servers.config.paths;
    const secrets = JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, string>;
    secrets.minio_root_password = [...(secrets.minio_root_password ?? '')].toReversed().join('');
    writeFileSync(secretsFile, JSON.stringify(secrets), { mode: 0o600 });
    await this.#servers.repriseOrThrow('up', ...SERVERS);
    await this.#openListener();
  }

  /** Gives the workers the key that the store takes now: the platform is started anew with it. */
  async handOutKey(): Promise<void> {
    await this.#bringUpPlatform();
  }

  /** Everything as before a fault that has left something of it wrong. */
  async restore(): Promise<void> {
    await this.kafkaLine.open();
    await this.minioLine.open();
    for (const disk of this.#options.disks) this.disks.free(disk);
    await this.#bringUpPlatform();
    await this.ready();
  }

  async takeDown(): Promise<void> {
    const first = await this.#platform.reprise('down');
    const second = await this.#servers.reprise('down');
    await this.kafkaLine.close();
    await this.minioLine.close();
    this.disks.unmount();
    for (const { exitCode, stderr } of [first, second])
      if (exitCode !== 0) throw new Error(`reprise down: ${stderr}`);
  }

  /** What the servers and workers wrote, for who looks into a failure. */
  get logs(): string[] {
    return [this.#servers.config.paths.logs, this.#platform.config.paths.logs];
  }

  removeData(): void {
    for (const { paths } of [this.#servers.config, this.#platform.config])
      rmSync(paths.instance, { recursive: true, force: true });
  }

  async #layLines(): Promise<void> {
    await this.#openListener();
    await this.kafkaLine.open();
    await this.minioLine.open();
  }

  async #bringUpPlatform(): Promise<void> {
    const { accessKey, secretKey } = this.#servers.config.objectStore;
    this.#platform = this.#platform.with({
      KAFKA_BROKERS: `127.0.0.1:${this.kafkaLine.port}`,
      S3_ENDPOINT: `http://127.0.0.1:${this.minioLine.port}`,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      ...this.#options.settings,
    });
    await this.#platform.repriseOrThrow('up', ...PLATFORM, ...(this.#options.airflow ? ['airflow'] : []));
  }

  /**
   * A listener for the workers, whose clients are told the address of the line: a broker names its own address to
   * whoever connects, and would lead them past it.
   */
  async #openListener(): Promise<void> {
    const { paths, portBase, ports } = this.#servers.config;
    const own = portBase + WORKERS_LISTENER;
    const plain = `PLAINTEXT://127.0.0.1:${ports.kafka}`;
    appendFileSync(
      join(paths.run, 'kafka.properties'),
      [
        `listeners=${plain},CONTROLLER://127.0.0.1:${ports.kafkaController},WORKERS://127.0.0.1:${own}`,
        `advertised.listeners=${plain},WORKERS://127.0.0.1:${this.kafkaLine.port}`,
        'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,WORKERS:PLAINTEXT',
        '',
      ].join('\n'),
    );
    // The supervisor starts it again, and then it reads the file.
    process.kill(await this.pidOf('kafka'), 'SIGTERM');
    const deadline = performance.now() + READY_LIMIT_MS;
    while (!(await isPortTaken(own))) {
      if (performance.now() > deadline) throw new Error('Kafka did not open the listener of the workers');
      await sleep(200);
    }
  }
}
