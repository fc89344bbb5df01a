import type { Context } from '../context.ts'
import type { Headline, RowResult } from '../result.ts'
import { FLEET } from '../week/fleet.ts'
import { idleMsFor, memoryOf, replayWeek, type Week } from '../week/replay.ts'
import { DAYS, LEARNING_DAYS, MINUTE_MS, weekOf } from '../week/schedule.ts'
import { generatedTraffic, readTraffic } from '../week/traffic.ts'

const SEED = 20_261_127
const WEEKS = 40

/** Many weeks like that of the row `week`, gone through without processes: whether what one week shows is more than chance. */
export async function weekReplay(context: Context): Promise<RowResult> {
  const names = FLEET.map(({ name }) => name)
  const traffic =
    context.weekData === undefined ? generatedTraffic(SEED, names) : readTraffic(context.weekData, names)
  const weeks = Array.from({ length: context.runs ?? WEEKS }, (_, i) => weekOf(SEED + i, traffic))
  const play = (name: string, one: (visits: (typeof weeks)[0]) => Week) => {
    context.progress(`week-replay ${name}`)
    return { name, weeks: weeks.map(one) }
  }
  const learning = play('learning', (visits) => replayWeek(visits, 'learning'))
  const idleMs = idleMsFor(weeks, total(learning.weeks, memoryOf))
  const equal = play('static, equal memory', (visits) => replayWeek(visits, 'static', idleMs))
  const ways = [
    play('direct', (visits) => replayWeek(visits, 'direct')),
    play('static', (visits) => replayWeek(visits, 'static')),
    equal,
    learning,
  ]
  const days = `days ${LEARNING_DAYS + 1}–${DAYS}`
  const better = (of: (week: Week) => number) =>
    learning.weeks.filter((week, i) => of(week) < of(equal.weeks[i]!)).length
  return {
    headlines: ways.flatMap(({ name, weeks: all }): Headline[] => {
      const line = (what: string, value: number, unit: Headline['unit']): Headline => ({
        what: `${days} of ${all.length} weeks: ${what}`,
        contender: name,
        value,
        unit,
      })
      return [
        line(
          `cold starts of ${total(all, ({ connections }) => connections)} connections`,
          total(all, ({ cold }) => cold),
          '',
        ),
        line('waited by agents', total(all, ({ waitedMs }) => waitedMs) / 1_000, 's'),
        line(
          'memory of servers',
          total(all, ({ serversMbH }) => serversMbH),
          'MB h',
        ),
        line(
          'memory of the daemon',
          total(all, ({ daemonMbH }) => daemonMbH),
          'MB h',
        ),
      ]
    }),
    details: [],
    notes: [
      `static takes as much memory as learning with limits.idle_ms=${Math.round(idleMs)} (${(idleMs / MINUTE_MS).toFixed(1)} min)`,
      `against that, learning has less waiting in ${better(({ waitedMs }) => waitedMs)} of ${weeks.length} weeks, and fewer cold starts in ${better(({ cold }) => cold)}`,
    ],
  }
}

function total(weeks: readonly Week[], of: (week: Week) => number): number {
  return weeks.reduce((sum, week) => sum + of(week), 0)
}
