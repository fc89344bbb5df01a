import type { Finding, Look } from './finding.ts'

const [MAJOR, MINOR] = [20, 19]

/** Whether Node is one that mycelium runs on. */
export function checkNode({ nodeVersion }: Look): readonly Finding[] {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number)
  if (major > MAJOR || (major === MAJOR && minor >= MINOR))
    return [{ id: 'node-version', severity: 'ok', subject: 'node', message: nodeVersion }]
  const message = `${nodeVersion}: mycelium needs ${MAJOR}.${MINOR} or newer`
  return [{ id: 'node-version', severity: 'error', subject: 'node', message, fix: 'install a newer Node' }]
}
