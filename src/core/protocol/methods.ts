/** Protocol versions with `initialize` and sessions, oldest first. */
export const LEGACY_VERSIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const
/** The newest protocol version with `initialize`. */
export const LATEST_LEGACY = '2025-11-25'
/** The stateless protocol version. */
export const MODERN = '2026-07-28'
/** What a modern client sends first, to learn whether the server is modern too. */
export const MODERN_PROBE = 'server/discover'

/** Every request a client may send in any legacy version. */
export const CLIENT_REQUESTS = [
  'initialize',
  'ping',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'tools/list',
  'tools/call',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'tasks/list',
  'logging/setLevel',
  'completion/complete',
] as const

/** Every notification a client may send in any legacy version. */
export const CLIENT_NOTIFICATIONS = [
  'notifications/cancelled',
  'notifications/initialized',
  'notifications/progress',
  'notifications/tasks/status',
  'notifications/roots/list_changed',
] as const

/** Every request a server may send in any legacy version. */
export const SERVER_REQUESTS = [
  'ping',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'tasks/list',
  'sampling/createMessage',
  'roots/list',
  'elicitation/create',
] as const

/** Every notification a server may send in any legacy version. */
export const SERVER_NOTIFICATIONS = [
  'notifications/cancelled',
  'notifications/progress',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/prompts/list_changed',
  'notifications/tools/list_changed',
  'notifications/tasks/status',
  'notifications/message',
  'notifications/elicitation/complete',
] as const

export type ClientRequest = (typeof CLIENT_REQUESTS)[number]
export type ClientNotification = (typeof CLIENT_NOTIFICATIONS)[number]
export type ServerRequest = (typeof SERVER_REQUESTS)[number]
export type ServerNotification = (typeof SERVER_NOTIFICATIONS)[number]

/** The client capability a server must have seen before it may send the request; null: none needed. */
export const CAPABILITY_OF_SERVER_REQUEST = {
  ping: null,
  'tasks/get': 'tasks',
  'tasks/result': 'tasks',
  'tasks/cancel': 'tasks',
  'tasks/list': 'tasks',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
  'elicitation/create': 'elicitation',
} as const satisfies Record<ServerRequest, string | null>

/** The client capabilities that let a server send requests of its own: nobody to route them to, nobody may claim them. */
export const PROVOKING_CAPABILITIES = ['sampling', 'elicitation', 'roots', 'tasks'] as const

/** The notification that makes an answer to a list request stale. */
export const LIST_CHANGED = {
  'tools/list': 'notifications/tools/list_changed',
  'prompts/list': 'notifications/prompts/list_changed',
  'resources/list': 'notifications/resources/list_changed',
  'resources/templates/list': 'notifications/resources/list_changed',
} as const satisfies Partial<Record<ClientRequest, ServerNotification>>

/** Severities of `logging/setLevel` and `notifications/message`, most verbose first. */
export const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const

export type LogLevel = (typeof LOG_LEVELS)[number]
