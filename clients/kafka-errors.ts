import kafkajs from 'kafkajs';
import { ClientError, isNetworkError } from './errors.ts';

// Node finds the error classes only on the CommonJS module as a whole: kafkajs spreads them into its exports.
const {
  KafkaJSBrokerNotFound,
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} = kafkajs;

const DENIED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
]);
/** Another attempt with the same transactional id took over: this one must stop, the other one goes on. */
const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_TXN_STATE']);

/** kafkajs hides a retriable cause inside an error that calls itself non-retriable. */
function innermost(error: unknown): unknown {
  let at = error;
  for (let depth = 0; depth < 5; depth += 1) {
    if (!(at instanceof KafkaJSNumberOfRetriesExceeded) || !at.cause) return at;
    at = at.cause;
  }
  return at;
}

export function kafkaError(doing: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const cause = innermost(error);
  const message = cause instanceof Error ? cause.message : String(cause);
  const say = (what: string): string => `kafka: ${doing}: ${what}`;
  if (cause instanceof KafkaJSProtocolError) {
    if (DENIED.has(cause.type)) return new ClientError('AccessDenied', say(message), { cause });
    if (FENCED.has(cause.type)) {
      return new ClientError('Unavailable', say('another attempt has taken over this transaction'), {
        cause,
      });
    }
    if (cause.type === 'UNKNOWN_TOPIC_OR_PARTITION') {
      return new ClientError('ResourceMissing', say('the topic is not there; `reprise up` creates it'), {
        cause,
      });
    }
    if (cause.type === 'MESSAGE_TOO_LARGE') return new ClientError('InvalidInput', say(message), { cause });
    return cause.retriable
      ? new ClientError('Unavailable', say(message), { cause })
      : new ClientError('Misconfigured', say(message), { cause });
  }
  if (cause instanceof KafkaJSRequestTimeoutError) {
    return new ClientError('TimedOut', say('the broker did not answer in time'), { cause });
  }
  if (
    cause instanceof KafkaJSConnectionError ||
    cause instanceof KafkaJSBrokerNotFound ||
    isNetworkError(cause)
  ) {
    return new ClientError('Unavailable', say(`no broker can be reached${where(cause)}`), { cause });
  }
  // The rest of kafkajs's errors are states of a connection (locks, closed sockets): a new attempt starts clean.
  if (cause instanceof KafkaJSError) return new ClientError('Unavailable', say(message), { cause });
  return new ClientError('Unavailable', say(message), { cause });
}

/** Of several brokers the one that was tried last. */
function where(cause: unknown): string {
  const broker = (cause as { broker?: unknown }).broker;
  return typeof broker === 'string' ? ` at ${broker}` : '';
}

export async function namedKafka<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw kafkaError(doing, error);
  }
}
