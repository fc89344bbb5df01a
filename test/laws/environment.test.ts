import fc from 'fast-check'
import { it } from 'vitest'
import { isVolatile, keyEnvironment, spawnEnvironment, VOLATILE } from '../../src/core/launch/environment.ts'
import { verifies } from '../requirements.ts'

const CREDENTIAL = /_(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)$/
const LASTING = /^(?:CODEX_HOME|GEMINI_CLI_HOME|OPENCODE_CONFIG)/
const suffix = fc.stringMatching(/^[A-Z]{1,6}$/)
const volatileName = fc
  .tuple(fc.constantFrom(...VOLATILE), suffix)
  .map(([pattern, end]) => pattern.replace('*', end))
  .filter((name) => !CREDENTIAL.test(name) && !LASTING.test(name))
const lastingName = fc
  .stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/)
  .filter((name) => !VOLATILE.some((p) => (p.endsWith('*') ? name.startsWith(p.slice(0, -1)) : name === p)))
const value = fc.string({ maxLength: 8 })
const environment = (name: fc.Arbitrary<string>) =>
  fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: true })
const keyOf = (env: NodeJS.ProcessEnv, declared: readonly string[] = []) =>
  JSON.stringify(Object.entries(keyEnvironment(undefined, declared, env)))

it('environments that differ in volatile variables alone have one key and start the same server', () => {
  verifies('POOL-1')
  fc.assert(
    fc.property(
      environment(lastingName),
      environment(volatileName),
      environment(volatileName),
      (env, a, b) => {
        const one = { ...a, ...env }
        const other = { ...env, ...b }
        const started = (e: NodeJS.ProcessEnv) => JSON.stringify(spawnEnvironment([], e))
        return keyOf(one) === keyOf(other) && started(one) === started(other)
      },
    ),
  )
})

it('environments of an unreviewed server that differ in any other variable have different keys', () => {
  fc.assert(
    fc.property(environment(lastingName), lastingName, value, value, (env, name, a, b) => {
      fc.pre(a !== b)
      const { [name]: _, ...without } = env
      const keys = [keyOf({ ...env, [name]: a }), keyOf({ ...env, [name]: b }), keyOf(without)]
      return new Set(keys).size === 3
    }),
  )
})

it('a declared variable always counts, volatile or not', () => {
  fc.assert(
    fc.property(fc.oneof(volatileName, lastingName), value, value, (name, a, b) => {
      fc.pre(a !== b)
      return keyOf({ [name]: a }, [name]) !== keyOf({ [name]: b }, [name])
    }),
  )
})

it('a credential is never volatile, whatever it is called', () => {
  fc.assert(
    fc.property(volatileName, fc.constantFrom('_API_KEY', '_AUTH_TOKEN', '_CLIENT_SECRET'), (name, end) => {
      return !isVolatile(`${name}${end}`)
    }),
  )
})
