import { betterThan, type EnforcedServer, type Enforcement } from '../daemon/wire-envelopes.ts'
import { memoryText } from './amounts.ts'
import { counted } from './counted.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** What turns enforcement on. */
export const SWITCH_ON = 'mycelium config set envelope.enabled=true'

/** One line on how limits are enforced, and the next step where they are not. */
export function enforcementLine({ enabled, mechanism }: Pick<Enforcement, 'enabled' | 'mechanism'>): string {
  return enabled
    ? `enforced by ${mechanism}\n`
    : `not enforced: nothing is ended or slowed down; it would be by ${mechanism}\n  next: ${SWITCH_ON}\n`
}

/** The shape of `envelope apply --json`. Stable: docs/envelopes.md. */
export function appliedJson(enforcement: Enforcement, dryRun: boolean): object {
  return { dryRun, ...enforcement }
}

/** What became of each server's limit, as a person reads it. */
export function appliedText(enforcement: Enforcement, width: number): string {
  const { servers } = enforcement
  const head = `${enforcementLine(enforcement)}${counted(servers.length, 'server')} within ${memoryText(enforcement.ceilingMb * 1024)}\n`
  const why = betterThan(enforcement)
    .map((one) => `not by ${one.mechanism}: ${printable(one.because)}\n  next: ${one.next}\n`)
    .join('')
  if (servers.length === 0) return head + why
  return `${head}\n${table(
    [
      { title: 'SERVER', shrinks: true },
      { title: 'SOFT', align: 'right' },
      { title: 'HARD', align: 'right' },
      { title: 'N', align: 'right' },
      { title: 'LARGEST', align: 'right' },
      { title: 'HELD BY' },
      { title: 'NOTE', shrinks: true },
    ],
    servers.map((one) => rowOf(one)),
    width,
  )}\n${why}`
}

function rowOf({ server, softMb, hardMb, because, processes }: EnforcedServer): readonly string[] {
  const memory = processes.flatMap(({ memoryMb }) => memoryMb ?? [])
  const held = [...new Set(processes.map(({ mechanism }) => mechanism ?? 'nothing'))]
  const refused = processes.flatMap(({ pid, refused }) => (refused === null ? [] : [`${pid}: ${refused}`]))
  return [
    printable(server),
    mb(softMb),
    mb(hardMb),
    String(processes.length),
    memory.length === 0 ? '-' : mb(Math.max(...memory)),
    processes.length === 0 ? '-' : held.join(', '),
    printable(refused.length > 0 ? refused.join('; ') : because),
  ]
}

function mb(amount: number | null): string {
  return amount === null ? '-' : memoryText(amount * 1024)
}
