/** Says what is being done, once that has taken two seconds: on a terminal in one line, else every ten seconds. */
export function statusLine(screen: NodeJS.WriteStream = process.stderr): {
  say(text: string): void;
  clear(): void;
} {
  const isTerminal = screen.isTTY === true;
  const begun = performance.now();
  let next = begun + 2_000;
  let isShown = false;
  return {
    say(text) {
      const now = performance.now();
      if (now < next) return;
      next = now + (isTerminal ? 200 : 10_000);
      isShown = true;
      const line = `${text}, ${Math.round((now - begun) / 1_000)} s`;
      screen.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
    },
    clear() {
      if (isShown && isTerminal) screen.write('\r\x1b[K');
    },
  };
}
