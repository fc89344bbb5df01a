import type { Paint } from '../report/paint.ts'
import { table } from '../report/table.ts'
import type { PhaseFigures } from './demo-phase.ts'
import { median, quantile, summaryOf } from './statistics.ts'

/** Both ways of starting the same servers, and what undo left. */
export interface DemoFigures {
  readonly direct: PhaseFigures
  readonly through: PhaseFigures
  readonly undoDifferences: readonly string[]
}

interface Screen {
  readonly width: number
  readonly paint: { readonly stdout: Paint }
}

/** The before/after table. */
export function comparison({ direct, through, undoDifferences }: DemoFigures, screen: Screen): string {
  const { strong, good, bad } = screen.paint.stdout
  const row = (what: string, of: (phase: PhaseFigures) => number, unit = '', digits = 0) => {
    const cell = (value: number) => `${value.toFixed(digits)}${unit && ` ${unit}`}`
    return [what, cell(of(direct)), strong(cell(of(through))), change(of(direct), of(through))]
  }
  const p = (quantileOf: number) => (phase: PhaseFigures) => quantile(phase.callMs, quantileOf)
  const n = direct.callMs.length
  const memory = process.platform === 'linux' ? 'their memory (PSS)' : 'their memory (RSS)'
  const rows = [
    row('MCP server processes', (phase) => phase.serverProcesses),
    row('all processes, launchers and daemon too', (phase) => phase.processes),
    row(memory, (phase) => phase.memoryMb, 'MB'),
    row('first session: all tools listed', (phase) => phase.coldMs, 'ms'),
    row(`each later session, p50 of ${direct.warmMs.length}`, (phase) => median(phase.warmMs), 'ms'),
    row(`a call, p50 of ${n}`, p(0.5), 'ms', 2),
    row(`a call, p99 of ${n}`, p(0.99), 'ms', 2),
    row('left 3 s after SIGKILL of everything', (phase) => phase.orphans),
  ]
  const columns = [
    { title: `${direct.sessions} sessions × ${direct.servers} servers` },
    { title: 'direct', align: 'right' as const },
    { title: 'mycelium', align: 'right' as const },
    { title: '', align: 'left' as const },
  ]
  const undone =
    undoDifferences.length === 0
      ? good('undo: every file is byte for byte what it was, nothing is left')
      : bad(`undo: ${undoDifferences.join('; ')}`)
  return `${table(columns, rows, screen.width)}\n${undone}\n`
}

/** The same for scripts: numbers in ms and MB. */
export function demoJson({ direct, through, undoDifferences }: DemoFigures): object {
  const phase = (figures: PhaseFigures) => ({
    ...figures,
    warmMs: summaryOf(figures.warmMs),
    callMs: summaryOf(figures.callMs),
  })
  return {
    direct: phase(direct),
    mycelium: phase(through),
    undo: { identical: undoDifferences.length === 0, undoDifferences },
  }
}

function change(before: number, after: number): string {
  if (before === after || before === 0 || after === 0) return ''
  return before > after ? `÷ ${(before / after).toFixed(1)}` : `× ${(after / before).toFixed(1)}`
}
