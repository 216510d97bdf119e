import type { LiveView } from './live-workflow.ts';

const whole = (count: number): string => Math.round(count).toLocaleString('en-GB');

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** What the stream does now, in one line. */
export function streamText({ stream, status, state }: LiveView): string {
  if (state !== 'running') return 'ended';
  if (!stream) return status?.phase === 'stopping' ? 'ended' : 'not started yet';
  const { attempt, heard, failure } = stream;
  if (stream.state === 'waits') {
    if (attempt > 1)
      return `starts again soon (attempt ${attempt}); it failed: ${failure ?? 'nobody knows why'}`;
    return 'waits for the worker of the live queue; `npx reprise up` starts it';
  }
  const again = attempt > 1 ? `, attempt ${attempt}${failure ? ` after: ${failure}` : ''}` : '';
  if (!heard?.progress) return `${heard?.state === 'stopping' ? 'is ending' : 'is starting'}${again}`;
  const { batch, at, records, seconds, lag } = heard.progress;
  const ending = heard.state === 'stopping' ? ', is ending' : '';
  const said = `batch ${batch} at ${at.slice(11, 19)}: ${whole(records)} records in ${seconds.toFixed(1)} s`;
  return `${said}, ${whole(lag)} behind${ending}${again}`;
}

/** What the producer does now, in one line. */
export function producerText({ producer, status }: LiveView): string {
  const asked = status?.input.producer;
  if (status && !asked) return 'none: others write to the topic';
  if (status?.producer_failure) return `has ended for good: ${status.producer_failure}`;
  const wish = asked ? `${asked.rate} records/s, speed ${asked.speed}, seed ${asked.seed}` : '';
  if (!producer) return [wish, status?.phase === 'preparing' ? 'writes its catalogue' : 'ended'].join('; ');
  if (producer.state === 'waits' && producer.attempt > 1)
    return `${wish}; starts again soon (attempt ${producer.attempt}); it failed: ${producer.failure ?? ''}`;
  if (!producer.heard) return `${wish}; is starting`;
  const { sent, position, behind_ms, skipped_ms } = producer.heard;
  const parts = [wish, `${whole(sent)} sent`];
  if (asked && asked.speed > 1) parts.push(`at ${new Date(position).toISOString().slice(0, 16)}Z`);
  if (behind_ms > 1_000) parts.push(`${duration(behind_ms)} behind`);
  if (skipped_ms > 0) parts.push(`passed over ${duration(skipped_ms)}`);
  return parts.filter((part) => part !== '').join('; ');
}

function stoppedText({ left }: LiveView): string {
  const { producer, position, failure } = left ?? {};
  const parts = [
    ...(position ? [`at batch ${position.batch}`] : []),
    ...(producer ? [`${whole(producer.sent)} records were sent`] : []),
  ];
  const first = ['the stream is stopped', ...parts].join(', ');
  if (failure) return `${first}; what arrived last it could not take, the next start does: ${failure}`;
  return `${first}; \`npx reprise live start\` goes on from there`;
}

/** Three lines for a person. */
export function liveText(view: LiveView | undefined, nowMs: number): string {
  if (!view) return 'the stream has never been started; `npx reprise live start` starts it';
  if (view.state === 'stopped') return stoppedText(view);
  if (view.state === 'failed')
    return `the stream has failed: ${view.failure ?? 'nobody knows why'}\n  mend that, then \`npx reprise live start\``;
  const { status } = view;
  const since = status
    ? `${status.phase} since ${status.started_at.slice(0, 16)}Z (${duration(nowMs - Date.parse(status.started_at))}), asked for by ${status.requested_by}`
    : 'running; no worker of the workflows answers';
  return [`live      ${since}`, `stream    ${streamText(view)}`, `producer  ${producerText(view)}`].join(
    '\n',
  );
}
