import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Line } from '../../faults/line.ts';
import { isFree } from '../../runner/isolation.ts';

let server: Server;
let line: Line;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Answers with as many bytes as it is asked for. */
const serve = (socket: Socket): void => {
  socket.on('error', () => undefined);
  socket.once('data', (asked: Buffer) => socket.end(Buffer.alloc(Number(asked.toString()), 'x')));
};

beforeEach(async () => {
  server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  line = new Line(await freePort(), (server.address() as AddressInfo).port);
  await line.open();
});
afterEach(async () => {
  await line.close();
  server.close();
});

async function ask(bytes: number): Promise<string> {
  const socket = connect(line.port, '127.0.0.1');
  socket.write(String(bytes));
  return text(socket);
}

describe('a line between a worker and a server', () => {
  test('carries every byte while it is open', async () => {
    expect(await ask(500_000)).toHaveLength(500_000);
  });

  test('refuses, ends what is under way, and opens again', async () => {
    const silent = connect(line.port, '127.0.0.1');
    await once(silent, 'connect');
    const ended = new Promise((resolve) => silent.once('error', resolve));
    await line.become('refused');
    expect(await ended).toMatchObject({ code: 'ECONNRESET' });
    await expect(ask(1)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await isFree(line.port)).toBe(true);
    await line.open();
    expect(await ask(10)).toHaveLength(10);
  });

  test('holds what is waited for, half of it sent, and lets it go on whole', async () => {
    const hold = line.holdAt((sent) => sent.startsWith('4242'));
    const answered = ask(4242);
    await hold.reached;
    expect(await ask(7)).toHaveLength(7);
    hold.release();
    // Half of the number has gone out before, and was asked for: the rest is lost on this server.
    expect(await answered).toHaveLength(42);
    expect(await ask(4242)).toHaveLength(4242);
  });

  test('cuts an answer in its middle', async () => {
    await line.become('cut');
    expect(await ask(100)).toHaveLength(100);
    await expect(ask(500_000)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(line.disturbed).toBe(1);
  });

  test('is slow, and loses nothing', async () => {
    await line.become('slow');
    expect(await ask(100_000)).toHaveLength(100_000);
    expect(line.disturbed).toBeGreaterThan(1);
  });
});
