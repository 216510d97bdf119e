import { expect, test } from 'vitest';
import { schemaDrift } from '../../../cli/commands/contracts.ts';
import { EVENT_TYPES } from '../../../contracts/events.ts';
import { generatedSchemas } from '../../../contracts/schemas.ts';
import { TABLES, warehouseColumns } from '../../../contracts/tables.ts';

test('the committed schemas are those of the contracts', () => {
  expect(schemaDrift()).toEqual([]);
});

test('every event type, lake table and warehouse table has its schema', () => {
  const paths = [...generatedSchemas().keys()];
  expect(paths.filter((path) => path.startsWith('json-schema/'))).toHaveLength(EVENT_TYPES.length);
  expect(paths.filter((path) => path.startsWith('spark/'))).toHaveLength(4);
  expect(paths.filter((path) => path.startsWith('warehouse/'))).toHaveLength(3);
});

test('JSON Schemas keep patterns and descriptions, and allow further fields', () => {
  for (const [path, text] of generatedSchemas()) {
    if (!path.startsWith('json-schema/')) continue;
    const schema = JSON.parse(text);
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.description).toBeTruthy();
    expect(schema.additionalProperties).toBeUndefined();
    expect(schema.properties.country.pattern).toBe('^[A-Z]{2}$');
    for (const name of Object.keys(schema.properties).filter((name) => name !== 'event_type'))
      expect(schema.properties[name].description, `${path} ${name}`).toBeTruthy();
  }
});

test('the events table is the union of the contracts, what enriches it, and where it came from', () => {
  const columns = new Map(TABLES.events.map((column) => [column.name, column]));
  expect([...columns.keys()].slice(0, 11)).toEqual([
    'window_start',
    'event_type',
    'event_id',
    'schema_version',
    'occurred_at',
    'sent_at',
    'listener_id',
    'session_id',
    'device',
    'country',
    'source',
  ]);
  expect(columns.size).toBe(TABLES.events.length);
  expect(columns.get('listener_id')).toMatchObject({ type: 'string', nullable: false });
  expect(columns.get('occurred_at')).toMatchObject({ type: 'timestamp', nullable: false });
  expect(columns.get('ms_played')).toMatchObject({ type: 'bigint', nullable: true });
  expect(columns.get('shuffle')).toMatchObject({ type: 'boolean', nullable: true });
  expect(columns.get('release_date')).toMatchObject({ type: 'date', nullable: true });
  expect(columns.get('kafka_partition')).toMatchObject({ type: 'int', nullable: false });
  expect(columns.get('record_hash')).toMatchObject({ type: 'bigint', nullable: false });
});

test('bytes stay in the lake', () => {
  expect(TABLES.quarantine.map(({ name }) => name)).toContain('record_value');
  expect(warehouseColumns('quarantine').map(({ name }) => name)).not.toContain('record_value');
});
