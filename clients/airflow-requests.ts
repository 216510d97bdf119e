import { z } from 'zod';
import { ClientError, isNetworkError, systemCode } from './errors.ts';

export interface AirflowSettings {
  url: string;
  user: string;
  password: string;
  /** The file that user and password come from; named when Airflow refuses them. */
  credentialsFile: string;
}

interface Answer {
  status: number;
  body: unknown;
}

export interface AirflowRequests {
  /** The answer, whatever it is. */
  call(method: string, path: string, body?: object): Promise<Answer>;
  /** @throws ClientError when it is a refusal */
  request(method: string, path: string, body?: object): Promise<unknown>;
}

const Token = z.object({ access_token: z.string() });
const Refusal = z.object({ detail: z.union([z.string(), z.object({ reason: z.string() })]) });

/** Sends requests with a token that is fetched when first needed, and once more when it has expired. */
export function airflowRequests(settings: AirflowSettings): AirflowRequests {
  let token: string | undefined;

  async function send(method: string, path: string, body?: object): Promise<Answer> {
    try {
      const response = await fetch(`${settings.url}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      return { status: response.status, body: parsed(text) };
    } catch (error) {
      throw unreachable(settings.url, error);
    }
  }

  async function login(): Promise<void> {
    token = undefined;
    const { user: username, password } = settings;
    const answer = await send('POST', '/auth/token', { username, password });
    if (answer.status === 401 || answer.status === 403) throw denied(settings);
    if (answer.status >= 400) throw refusal('POST /auth/token', answer);
    token = Token.parse(answer.body).access_token;
  }

  async function call(method: string, path: string, body?: object): Promise<Answer> {
    const fresh = token === undefined;
    if (fresh) await login();
    const answer = await send(method, path, body);
    if (answer.status !== 401) return answer;
    if (fresh) throw denied(settings);
    await login();
    return send(method, path, body);
  }

  return {
    call,
    async request(method, path, body) {
      const answer = await call(method, path, body);
      if (answer.status >= 400) throw refusal(`${method} ${path}`, answer);
      return answer.body;
    },
  };
}

/** Not every refusal is JSON: a proxy, or Airflow's own server error, answers in text. */
function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

function unreachable(url: string, error: unknown): ClientError {
  if (error instanceof Error && error.name === 'TimeoutError')
    return new ClientError('TimedOut', `Airflow at ${url} did not answer in 30 s`, { cause: error });
  const why = isNetworkError(error)
    ? systemCode(error)
    : error instanceof Error
      ? error.message
      : String(error);
  return new ClientError('Unavailable', `Airflow does not answer at ${url} (${why})`, { cause: error });
}

const denied = ({ user, credentialsFile }: AirflowSettings): ClientError =>
  new ClientError(
    'AccessDenied',
    `Airflow refuses the user "${user}"; the credentials it was started with are in ${credentialsFile}`,
  );

export function refusal(doing: string, { status, body }: Answer): ClientError {
  const said = Refusal.safeParse(body);
  const detail = said.success ? said.data.detail : undefined;
  const why = (typeof detail === 'string' ? detail : detail?.reason)?.split('\n')[0] ?? 'no reason given';
  const message = `Airflow refuses ${doing} (${status}): ${why}`;
  if (status === 403) return new ClientError('AccessDenied', message);
  if (status === 404) return new ClientError('ResourceMissing', message);
  if (status >= 500) return new ClientError('Unavailable', message);
  return new ClientError('InvalidInput', message);
}
