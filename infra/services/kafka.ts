import { join } from 'node:path';
import { writePrivate } from '../instance.ts';
import type { Service, ServiceContext } from './service.ts';

/** One broker that is its own controller. */
export function kafkaServices(context: ServiceContext): Service[] {
  const { config, settings } = context;
  const { paths, ports } = config;
  const properties = join(paths.run, 'kafka.properties');
  const java = (...rest: string[]): string[] => [
    'java',
    '-Xmx512m',
    '-Xms256m',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=50',
    // Without it every start leaves another file in the temporary folder.
    '-XX:-UsePerfData',
    `-Dlog4j2.configurationFile=${join(paths.repository, 'infra', 'services', 'kafka-log4j2.properties')}`,
    '-cp',
    join(paths.tools, 'jars', 'kafka', '*'),
    ...rest,
  ];
  const shared = { cwd: join(paths.data, 'kafka'), env: {} };
  return [
    {
      ...shared,
      name: 'kafka-format',
      kind: 'job',
      needs: [],
      command: java(
        ...['kafka.tools.StorageTool', 'format', '--ignore-formatted'],
        // One argument: an id may begin with a dash, which would read as another option.
        ...[`--cluster-id=${settings.kafka_cluster_id}`, '--config', properties],
      ),
    },
    {
      ...shared,
      name: 'kafka',
      kind: 'server',
      needs: ['kafka-format'],
      command: java('kafka.Kafka', properties),
      ready: { kind: 'tcp', port: ports.kafka },
      ports: ['kafka', 'kafkaController'],
      // A clean end writes the log's recovery point; without it the next start reads every segment again.
      graceSeconds: 20,
    },
  ];
}

export function writeKafkaProperties({ config }: ServiceContext): void {
  const { kafka, kafkaController } = config.ports;
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${kafkaController}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafka},CONTROLLER://127.0.0.1:${kafkaController}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafka}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(config.paths.data, 'kafka', 'log'),
    // Topics are declared in contracts/topics.ts; a misspelt name must fail, not become a topic.
    'auto.create.topics.enable': false,
    'num.partitions': config.kafka.partitions,
    // The defaults of these assume three brokers and hundreds of groups.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'num.network.threads': 2,
    'num.io.threads': 4,
    // 128 MB of the heap by default, for two small compacted topics.
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // Every receipt look-up is a new group of one member: it has nobody to wait for.
    'group.initial.rebalance.delay.ms': 0,
  };
  const text = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writePrivate(join(config.paths.run, 'kafka.properties'), text.join(''));
}
