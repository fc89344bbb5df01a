import { execFileSync } from 'node:child_process'
import type { ProcessRow } from './process.ts'

// For systems without /proc (macOS): the same facts from ps. Start dates are local time in words, hence the fixed zone and language.
const ENV = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Rows of `ps` for this selection (`-ax`, or `-p` and a pid); no rows when it names nobody. */
export function tableFromPs(selection: readonly string[]): ProcessRow[] {
  const text = ps([...selection, '-o', 'pid=,ppid=,pgid=,state=,lstart='])
  return text.split('\n').flatMap((line) => {
    const [pid, parent, group, state, ...date] = line.trim().split(/\s+/)
    if (pid === '' || state === undefined) return []
    return {
      pid: Number(pid),
      // Pairs with the same join in templates/watcher.sh.
      startTime: date.join('_'),
      parent: Number(parent),
      session: Number(group),
      ended: state.startsWith('Z'),
    }
  })
}

/** Value of one environment variable of every process that shows it. ps ends no value: it is taken to hold no blank. */
export function environmentsFromPs(name: string, show: readonly string[] = ['-axEww']): Map<number, string> {
  const values = new Map<number, string>()
  const pattern = new RegExp(`^\\s*(\\d+)\\s.*\\s${name}=(\\S*)`)
  for (const line of ps([...show, '-o', 'pid=,command=']).split('\n')) {
    const match = pattern.exec(line)
    if (match !== null) values.set(Number(match[1]), match[2] ?? '')
  }
  return values
}

/** RSS in KiB, or undefined when the process is gone. */
export function residentKbFromPs(pid: number): number | undefined {
  const kb = Number.parseInt(ps(['-p', String(pid), '-o', 'rss=']), 10)
  return Number.isNaN(kb) ? undefined : kb
}

function ps(args: readonly string[]): string {
  try {
    return execFileSync('ps', args, {
      env: ENV,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    // Exit 1 is how ps says that nobody matched; what it printed still counts.
    const stdout = (error as { stdout?: unknown }).stdout
    if (typeof stdout === 'string') return stdout
    throw error
  }
}
