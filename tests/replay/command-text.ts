import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;
type Event = proto.temporal.api.history.v1.IHistoryEvent;
type Payload = proto.temporal.api.common.v1.IPayload;
type Duration = { seconds?: unknown; nanos?: number | null } | null | undefined;
type Scheduled = proto.temporal.api.history.v1.IActivityTaskScheduledEventAttributes;

const decoded = (payload: Payload | null | undefined): unknown =>
  payload ? defaultPayloadConverter.fromPayload(payload) : undefined;

/** `30s`, `2m`; nothing for a limit that is not set. */
function shown(duration: Duration): string | undefined {
  const seconds = Number(duration?.seconds ?? 0) + (duration?.nanos ?? 0) / 1e9;
  if (seconds === 0) return undefined;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** The names that an activity is told, not what they say. */
function told({ activityType, input }: Scheduled): string {
  const [first] = input?.payloads ?? [];
  const value = decoded(first);
  const names = typeof value === 'object' && value !== null ? Object.keys(value).sort() : [];
  return `${activityType?.name}(${names.join(', ')})`;
}

/** Where an activity goes and how long it may take there. */
function limits({ activityType, ...given }: Scheduled): string {
  const retry = given.retryPolicy;
  const parts = [
    ['start to close', shown(given.startToCloseTimeout)],
    ['schedule to close', shown(given.scheduleToCloseTimeout)],
    ['schedule to start', shown(given.scheduleToStartTimeout)],
    ['heartbeat', shown(given.heartbeatTimeout)],
    ['attempts', retry?.maximumAttempts ? String(retry.maximumAttempts) : undefined],
    ['first after', shown(retry?.initialInterval)],
    ['times', retry?.backoffCoefficient ? String(retry.backoffCoefficient) : undefined],
    ['at most', shown(retry?.maximumInterval)],
    ['never for', retry?.nonRetryableErrorTypes?.join(' ') || undefined],
  ];
  const said = parts.flatMap(([name, value]) => (value ? [`${name} ${value}`] : []));
  return `${activityType?.name}: ${given.taskQueue?.name}, ${said.join(', ')}`;
}

const names = (fields: Record<string, unknown> | null | undefined): string =>
  Object.keys(fields ?? {})
    .sort()
    .join(' ');

type Fields = Record<string, Payload> | null | undefined;

/** How far the window is, when the search attributes say it, else which there are. */
function searchText(fields: Fields): string {
  const { RepriseState: state, RepriseStep: step } = fields ?? {};
  return state || step
    ? `search ${String(decoded(state))} ${String(decoded(step))}`
    : `search ${names(fields)}`;
}

/** Of one event of a history: the command that made it, in words. */
function commandText(event: Event, scheduled: ReadonlyMap<string, string>): string | undefined {
  const type = EventType[event.eventType ?? 0]?.replace('EVENT_TYPE_', '') ?? 'UNKNOWN';
  switch (type) {
    case 'ACTIVITY_TASK_SCHEDULED':
      return told(event.activityTaskScheduledEventAttributes ?? {});
    case 'ACTIVITY_TASK_CANCEL_REQUESTED': {
      const id = event.activityTaskCancelRequestedEventAttributes?.scheduledEventId;
      return `cancel ${scheduled.get(String(id))}`;
    }
    case 'TIMER_STARTED':
      return `timer ${shown(event.timerStartedEventAttributes?.startToFireTimeout)}`;
    case 'MARKER_RECORDED': {
      const { markerName, details } = event.markerRecordedEventAttributes ?? {};
      const data = Object.values(details ?? {}).map(({ payloads }) => JSON.stringify(decoded(payloads?.[0])));
      return `${markerName === 'core_patch' ? 'patch' : `marker ${markerName}`} ${data.join(' ')}`;
    }
    case 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES':
      return searchText(searchFields(event));
    case 'WORKFLOW_PROPERTIES_MODIFIED':
      return `memo ${names(event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields)}`;
    case 'START_CHILD_WORKFLOW_EXECUTION_INITIATED': {
      const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
      return `child ${child?.workflowType?.name} on ${child?.taskQueue?.name}`;
    }
    case 'WORKFLOW_TASK_COMPLETED':
      return undefined;
    default:
      return cameFromCommand(event) ? type.toLowerCase().replaceAll('_', ' ') : undefined;
  }
}

const searchFields = (event: Event): Fields =>
  event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;

/** Whatever a workflow task has led to names that task: no kind of command is left out because nobody thought of it. */
function cameFromCommand(event: Event): boolean {
  const attributes = Object.entries(event).find(([name]) => name.endsWith('EventAttributes'))?.[1] as
    | { workflowTaskCompletedEventId?: unknown }
    | undefined;
  return Number(attributes?.workflowTaskCompletedEventId ?? 0) > 0;
}

export interface Commands {
  /** In their order, one line each; as many of the same as follow each other in one. */
  sequence: string[];
  /** One line an activity, by name, and one with the names of the search attributes. */
  limits: string[];
}

/** What a workflow has told the server to do, from its history. */
export function commandsOf(history: proto.temporal.api.history.v1.IHistory): Commands {
  const scheduled = new Map<string, string>();
  const all: string[] = [];
  const limited = new Set<string>();
  for (const event of history.events ?? []) {
    const activity = event.activityTaskScheduledEventAttributes;
    if (activity) {
      scheduled.set(String(event.eventId), activity.activityType?.name ?? '');
      limited.add(limits(activity));
    }
    const fields = searchFields(event);
    if (fields) limited.add(`search attributes: ${names(fields)}`);
    const command = commandText(event, scheduled);
    if (command !== undefined) all.push(command);
  }
  const sequence: string[] = [];
  for (let at = 0; at < all.length; ) {
    const command = all[at] ?? '';
    const until = all.findIndex((other, index) => index > at && other !== command);
    const count = (until === -1 ? all.length : until) - at;
    sequence.push(count > 1 ? `${command} x${count}` : command);
    at += count;
  }
  return { sequence, limits: [...limited].sort() };
}
