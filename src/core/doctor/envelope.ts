import { askEnforcement, lookHere } from '../daemon/ask-enforcement.ts'
import { betterThan, type Enforcement, isWeak } from '../daemon/wire-envelopes.ts'
import type { Finding, Look } from './finding.ts'

/** What holds servers to their memory limits here, and why nothing better does. */
export async function checkEnvelope({ paths, daemon }: Look): Promise<readonly Finding[]> {
  return [findingOf(daemon.status === undefined ? lookHere(paths) : await askEnforcement(paths))]
}

function findingOf(enforcement: Enforcement): Finding {
  const { enabled, mechanism } = enforcement
  const better = betterThan(enforcement)
  const why = better.map((one) => `; not by ${one.mechanism}: ${one.because}`).join('')
  const message = enabled
    ? `limits are enforced by ${mechanism}${why}`
    : `limits are not enforced (envelope.enabled is off); they would be by ${mechanism}${why}`
  const fix = better[0]?.next
  const isAdvice = enabled && isWeak(enforcement) && fix !== undefined
  return {
    id: isAdvice ? 'envelope-weak' : 'envelope',
    severity: isAdvice ? 'advice' : 'ok',
    subject: 'memory limits',
    message,
    ...(fix !== undefined && { fix }),
  }
}
