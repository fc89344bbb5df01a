import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hookedEvents, placesOfHooks, putHooks, takeHooks } from '../../src/core/clients/hook-edit.ts'
import { hookHosts } from '../../src/core/clients/hook-hosts.ts'
import { verifies } from '../requirements.ts'

const QUIET = "/home/o'neil/.mycelium/bin/quiet"
const HOSTS = hookHosts({ env: {}, home: '/home/u', cwd: '/work', platform: 'linux' })

const handler = fc.record({ type: fc.constant('command'), command: fc.string(), timeout: fc.nat() })
const group = fc.oneof(
  fc.record({ hooks: fc.array(handler, { maxLength: 2 }) }),
  fc.record({ matcher: fc.string(), hooks: fc.array(handler, { minLength: 1, maxLength: 3 }) }),
  fc.constant({ of: 'another kind' }),
)
const events = HOSTS.flatMap((host) => [...host.events, ...host.guards].map(({ event }) => event))
const settings = fc
  .record(
    {
      model: fc.jsonValue(),
      hooks: fc.dictionary(fc.constantFrom(...events, 'Other'), fc.array(group, { maxLength: 3 })),
      mcpServers: fc.dictionary(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  .filter((value) => !JSON.stringify(value).includes('__proto__'))

it('what is added to a client’s hooks is added once, leaves what is there, and goes again to the byte', () => {
  verifies('CLI-3')
  fc.assert(
    fc.property(
      settings,
      fc.constantFrom(...HOSTS),
      fc.constantFrom(undefined, 2, 4, '\t'),
      fc.boolean(),
      (value, host, indent, guards) => {
        const before = `${JSON.stringify(value, null, indent)}\n`
        const wish = { host, quiet: QUIET, hooks: true, statusline: false, guards }
        const { text, kept, added } = putHooks(before, wish)
        const wanted = [...host.events, ...(guards ? host.guards : [])].map(({ event }) => event)
        expect(added).toEqual(wanted)
        expect([...hookedEvents(text, QUIET, host.file)].sort()).toEqual([...wanted].sort())
        const now = JSON.parse(text) as Record<string, Record<string, unknown[]>>
        for (const event of Object.keys({ ...value.hooks, ...now.hooks })) {
          const own = value.hooks?.[event] ?? []
          expect(now.hooks![event]!.slice(0, own.length)).toEqual(JSON.parse(JSON.stringify(own)))
          expect(now.hooks![event]).toHaveLength(own.length + (wanted.includes(event) ? 1 : 0))
        }
        // Codex keeps what was reviewed by these numbers.
        for (const { event, group, handler } of placesOfHooks(text, QUIET, host.file)) {
          expect(group).toBe(value.hooks?.[event]?.length ?? 0)
          expect(handler).toBe(0)
        }
        expect(putHooks(text, wish).text).toBe(text)
        const guardEvents = host.guards.map(({ event }) => event)
        const partly = takeHooks(text, { quiet: QUIET, kept }, host.file, guardEvents)
        expect(partly.taken).toBe(guards ? guardEvents.length : 0)
        expect(takeHooks(partly.text, { quiet: QUIET, kept }, host.file).text).toBe(before)
      },
    ),
    { numRuns: 300 },
  )
})
