import { ClientError } from '../clients/errors.ts';
import type { Publisher } from '../clients/kafka-publisher.ts';
import type { ReceiptReader } from '../clients/kafka-receipts.ts';
import type { LakeReader, LakeRow } from '../clients/lake-reader.ts';
import { recordKey } from '../contracts/classify.ts';
import type { RecordSet } from '../contracts/ledger.ts';
import { DUPLICATE_REASON } from '../contracts/quarantine.ts';
import type { LakeVersions, Receipt, WindowRequest } from '../contracts/steps.ts';
import { DEAD_LETTER_HEADERS, DEAD_LETTERS_TOPIC, RECEIPTS_TOPIC, receiptKey } from '../contracts/topics.ts';
import { beginOnce } from './begin-once.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted } from './generate.ts';
import { withPulse } from './pulse.ts';
import { RecordTally } from './records.ts';

export interface DeadLetterDeps {
  lake: LakeReader;
  publisher: Publisher;
  receipts: ReceiptReader;
}

export interface DeadLetterInput {
  window: WindowRequest['window'];
  tables: LakeVersions;
  /** What ingest quarantined, duplicates not among them. */
  quarantined: RecordSet;
}

export interface DeadLetterResult {
  forwarded: number;
  reused: boolean;
}

const SILENCE_MS = 90_000;

const QUARANTINED = `SELECT reason_code, reason, kafka_topic, kafka_partition, kafka_offset, record_value
  FROM quarantine WHERE reason_code <> '${DUPLICATE_REASON}' ORDER BY kafka_partition, kafka_offset`;

function letter(window: string, row: LakeRow) {
  const value = Buffer.isBuffer(row.record_value) ? row.record_value : Buffer.alloc(0);
  return {
    key: recordKey(value.toString('latin1')),
    value,
    headers: {
      [DEAD_LETTER_HEADERS.window]: window,
      [DEAD_LETTER_HEADERS.reasonCode]: String(row.reason_code),
      [DEAD_LETTER_HEADERS.reason]: String(row.reason),
      [DEAD_LETTER_HEADERS.topic]: String(row.kafka_topic),
      [DEAD_LETTER_HEADERS.partition]: String(row.kafka_partition),
      [DEAD_LETTER_HEADERS.offset]: String(row.kafka_offset),
    },
  };
}

export function createDeadLetterActivities({ lake, publisher, receipts }: DeadLetterDeps) {
  return withActivityFailures({
    /**
     * Sends the window's quarantined records to the dead-letter topic in one transaction with a receipt. Idempotency
     * key: (topic, window, content hash of the quarantined records): a retry or a replay finds the receipt and sends
     * nothing; the same window with other content is another key.
     */
    forwardDeadLetters: (input: DeadLetterInput): Promise<Attempted<DeadLetterResult>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window, tables, quarantined } = input;
        if (quarantined.total === 0) return { forwarded: 0, reused: false, attempt: pulse.attempt };
        const key = receiptKey(DEAD_LETTERS_TOPIC, window, 0, quarantined.content_hash);
        const id = `dead-letters/${window}`;
        const { publication, found } = await beginOnce(
          { publisher, receipts },
          { topic: DEAD_LETTERS_TOPIC, id, key },
          pulse,
        );
        const tally = new RecordTally();
        try {
          // Unlike an events receipt this one counts even when retention has taken the letters: they were delivered once.
          if (found !== undefined) {
            return { forwarded: quarantined.total, reused: true, attempt: pulse.attempt };
          }
          const session = await lake.open(window, tables, pulse.signal);
          try {
            for await (const rows of session.stream(QUARANTINED)) {
              for (const row of rows) {
                const record = letter(window, row);
                tally.take(record.value);
                if (publication.add(record)) await publication.flush();
              }
              pulse.note({ forwarded: tally.records, of: quarantined.total });
            }
          } finally {
            session.close();
          }
          await publication.flush();
          pulse.signal.throwIfAborted();
          if (tally.records !== quarantined.total || tally.contentHash !== quarantined.content_hash) {
            throw new ClientError(
              'DataQualityFailed',
              `the quarantine holds ${tally.records} records of ${window}, ingest reported ${quarantined.total}`,
            );
          }
          const receipt: Receipt = {
            window,
            shard: 0,
            topic: DEAD_LETTERS_TOPIC,
            ranges: await publication.settled(),
            records: tally.records,
            bytes: tally.bytes,
            content_hash: quarantined.content_hash,
          };
          await publication.commitWith(RECEIPTS_TOPIC, key, JSON.stringify(receipt));
          return { forwarded: tally.records, reused: false, attempt: pulse.attempt };
        } finally {
          await publication.abort().catch(() => undefined);
          await publication.close().catch(() => undefined);
        }
      }),
  });
}
