import { join } from 'node:path'
import { killsIn, textOf } from './group.ts'
import { placesIn } from './places.ts'
import type { Bounds, Rung, RunTool } from './rung.ts'

const MB = 1024 * 1024
const INFINITY = '18446744073709551615'
const MANAGER = [
  'org.freedesktop.systemd1',
  '/org/freedesktop/systemd1',
  'org.freedesktop.systemd1.Manager',
] as const

/**
 * A scope of the user's systemd for each tree, asked for over the bus for a process that runs already: what systemd-run would do before it, where a
 * refusal would have cost the start. systemd removes a scope when its last process ends.
 */
export function scopeRung(busctl: string, run: RunTool): Rung {
  const call = (method: string, ...rest: readonly string[]) =>
    run(busctl, ['--user', '--quiet', '--timeout=5', 'call', ...MANAGER, method, ...rest])
  const properties = ({ softMb, hardMb }: Bounds) => [
    ...['MemoryHigh', 't', softMb === null ? INFINITY : String(Math.round(softMb * MB))],
    ...['MemoryMax', 't', hardMb === null ? INFINITY : String(Math.round(hardMb * MB))],
    ...['MemorySwapMax', 't', hardMb === null ? INFINITY : String(Math.round(hardMb * MB))],
  ]
  return {
    mechanism: 'systemd-scope',
    holdsHard: true,
    holdsSoft: true,
    hold: async ({ name, pid, bounds }) => {
      const unit = `${name}.scope`
      const own = ['PIDs', 'au', '1', String(pid), ...properties(bounds)]
      await call('StartTransientUnit', 'ssa(sv)a(sa(sv))', unit, 'fail', '4', ...own, '0')
      // Read while the process is there: its group's counts outlive it for a moment.
      const events = () => {
        const { unified } = placesIn(
          textOf(`/proc/${pid}/cgroup`) ?? '',
          textOf('/proc/self/mountinfo') ?? '',
        )
        return unified?.endsWith(unit) ? join(unified, 'memory.events') : undefined
      }
      let file: string | undefined
      let last = 0
      return {
        bound: (next) => call('SetUnitProperties', 'sba(sv)', unit, 'true', '3', ...properties(next)),
        gather: async (pids) => {
          file ??= events()
          const inside = (textOf(`/proc/${pid}/cgroup`) ?? '').trim()
          const outside = pids.filter((one) => (textOf(`/proc/${one}/cgroup`) ?? inside).trim() !== inside)
          if (outside.length === 0) return
          const list = [String(outside.length), ...outside.map(String)]
          await call('AttachProcessesToUnit', 'ssau', unit, '', ...list)
        },
        kills: () => {
          file ??= events()
          last = Math.max(last, file === undefined ? 0 : killsIn(textOf(file)))
          return last
        },
        release: async () => true,
      }
    },
    close: () => {},
  }
}
