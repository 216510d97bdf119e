import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isListening } from '../../../infra/supervisor/client.ts';

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-socket-'));
});

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function listen(onConnection: (connection: Socket) => void): Promise<string> {
  const path = join(folder, 'supervisor.sock');
  server = createServer(onConnection);
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
}

test('nobody listens on a socket that is not there', async () => {
  expect(await isListening(join(folder, 'supervisor.sock'))).toBe(false);
});

test('a supervisor that closes the connection does not serve yet: that is no failure', async () => {
  expect(await isListening(await listen((connection) => connection.destroy()))).toBe(false);
});

test('one that answers listens', async () => {
  const path = await listen((connection) => {
    connection.once('data', () => connection.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
  });
  expect(await isListening(path)).toBe(true);
});
