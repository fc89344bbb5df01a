import { expect, it } from 'vitest'
import * as methods from '../../src/core/protocol/methods.ts'

it('the lists of methods are those of the published schemas, 2024-11-05 to 2025-11-25', () => {
  expect(methods.CLIENT_REQUESTS.toSorted()).toEqual([
    'completion/complete',
    'initialize',
    'logging/setLevel',
    'ping',
    'prompts/get',
    'prompts/list',
    'resources/list',
    'resources/read',
    'resources/subscribe',
    'resources/templates/list',
    'resources/unsubscribe',
    'tasks/cancel',
    'tasks/get',
    'tasks/list',
    'tasks/result',
    'tools/call',
    'tools/list',
  ])
  expect(methods.CLIENT_NOTIFICATIONS.toSorted()).toEqual([
    'notifications/cancelled',
    'notifications/initialized',
    'notifications/progress',
    'notifications/roots/list_changed',
    'notifications/tasks/status',
  ])
  expect(methods.SERVER_REQUESTS.toSorted()).toEqual([
    'elicitation/create',
    'ping',
    'roots/list',
    'sampling/createMessage',
    'tasks/cancel',
    'tasks/get',
    'tasks/list',
    'tasks/result',
  ])
  expect(methods.SERVER_NOTIFICATIONS.toSorted()).toEqual([
    'notifications/cancelled',
    'notifications/elicitation/complete',
    'notifications/message',
    'notifications/progress',
    'notifications/prompts/list_changed',
    'notifications/resources/list_changed',
    'notifications/resources/updated',
    'notifications/tasks/status',
    'notifications/tools/list_changed',
  ])
})

it('the versions are the published ones', () => {
  expect(methods.LEGACY_VERSIONS).toEqual(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])
  expect(methods.LATEST_LEGACY).toBe('2025-11-25')
  expect(methods.MODERN).toBe('2026-07-28')
  expect(methods.MODERN_PROBE).toBe('server/discover')
})

it('each request of a server names the client capability it needs', () => {
  expect(methods.CAPABILITY_OF_SERVER_REQUEST).toEqual({
    'elicitation/create': 'elicitation',
    ping: null,
    'roots/list': 'roots',
    'sampling/createMessage': 'sampling',
    'tasks/cancel': 'tasks',
    'tasks/get': 'tasks',
    'tasks/list': 'tasks',
    'tasks/result': 'tasks',
  })
  expect(methods.PROVOKING_CAPABILITIES.toSorted()).toEqual(['elicitation', 'roots', 'sampling', 'tasks'])
})

it('each list names the notification that makes it stale', () => {
  expect(methods.LIST_CHANGED).toEqual({
    'prompts/list': 'notifications/prompts/list_changed',
    'resources/list': 'notifications/resources/list_changed',
    'resources/templates/list': 'notifications/resources/list_changed',
    'tools/list': 'notifications/tools/list_changed',
  })
})

it('log levels go from the most verbose to the least', () => {
  expect(methods.LOG_LEVELS).toEqual([
    'debug',
    'info',
    'notice',
    'warning',
    'error',
    'critical',
    'alert',
    'emergency',
  ])
})
