import { meanEstimate, sparedPerGreeting, unknown } from './estimate.ts'
import type { Measure } from './measure.ts'

const SHARED: readonly string[] = ['shared', 'call']

/** What is done about processes. */
export const SERVER_MEASURES: readonly Measure[] = [
  {
    id: 'sharing',
    what: 'sessions use the same process where the server allows it',
    on: () => true,
    setting: null,
    change: 'mycelium server share NAME MODE',
    gain: 'ms less for a session that found a process',
    deeds: ({ greetings, starts }, count) => {
      const sessions = count(greetings.filter(({ mode }) => SHARED.includes(mode)))
      const started = count(starts.filter(({ mode }) => SHARED.includes(mode)))
      return {
        sessions,
        'found a process': count(greetings.filter(({ mode, warm }) => warm && SHARED.includes(mode))),
        'starts avoided': sessions - started,
      }
    },
    measured: ({ warm, readyMs }) =>
      sparedPerGreeting(
        warm.filter(({ mode }) => SHARED.includes(mode)),
        readyMs,
      ),
  },
  {
    id: 'warm spares',
    what: 'a process is started ahead for the next session of a server that is not shared',
    on: ({ isOn }) => isOn('pools.warm_spares.enabled'),
    setting: 'pools.warm_spares.enabled',
    change: 'mycelium config set pools.warm_spares.enabled=BOOLEAN',
    gain: 'ms less for a session that got a spare',
    deeds: ({ greetings, unusedSpares, decisions }, count) => ({
      sessions: count(greetings.filter(({ mode }) => mode === 'session')),
      'got a spare': count(greetings.filter(({ mode, warm }) => warm && mode === 'session')),
      'spares unused': count([unusedSpares]),
      'not started, memory short': count(decisions.filter(({ policy }) => policy === 'warm_spares')),
    }),
    measured: ({ warm, readyMs }) =>
      sparedPerGreeting(
        warm.filter(({ mode }) => mode === 'session'),
        readyMs,
      ),
  },
  {
    id: 'growth',
    what: 'a shared server that cannot keep up gets another process',
    on: ({ isOn }) => isOn('pools.grow.enabled'),
    setting: 'pools.grow.enabled',
    change: 'mycelium config set pools.grow.enabled=BOOLEAN',
    gain: 'ms less for a call in the minute after than in the minute before',
    deeds: ({ decisions }, count) => ({
      'processes added': count(
        decisions.filter(({ policy, action }) => policy === 'pools' && action === 'grow'),
      ),
    }),
    measured: ({ growthMs }) => meanEstimate(growthMs),
  },
  {
    id: 'resolution',
    what: 'npx and uvx are left out where the program they would start is certain',
    on: () => true,
    setting: null,
    change: 'always on: a runner stays where it has to decide itself',
    gain: 'ms less for a start',
    deeds: ({ starts }, count) => ({
      'without npx': count(starts.filter(({ how }) => how === 'npx')),
      'without uvx': count(starts.filter(({ how }) => how === 'uvx')),
      'runner kept': count(starts.filter(({ how }) => how === 'as-is')),
    }),
    measured: () => unknown('not measured: no start is made both ways'),
  },
  {
    id: 'compiled relay',
    what: 'launchers become a program of less than 1 MB',
    on: ({ hasCompiledRelay }) => hasCompiledRelay,
    setting: null,
    change: 'a C compiler and mycelium init; MYCELIUM_RELAY=perl in an agent goes around it',
    gain: 'KB less for a session',
    deeds: ({ greetings }, count) => ({
      'sessions by it': count(greetings.filter(({ via }) => via === 'c')),
      'by another relay': count(greetings.filter(({ via }) => via !== 'c')),
    }),
    measured: () => unknown('not measured: the memory of relays is not on record'),
  },
  {
    id: 'foresight',
    what: 'servers are started that a session is likely to use next',
    on: ({ isOn }) => isOn('prewarm.enabled'),
    setting: 'prewarm.enabled',
    change: 'mycelium prewarm train, then mycelium config set prewarm.enabled=BOOLEAN',
    gain: 'ms less for a guess that was acted upon, starts and memory for nothing taken off',
    deeds: ({ guesses, wastedMbS }, count) => {
      const done = (event: string) => count(guesses.filter((one) => one.event === event))
      return {
        'started ahead': done('warmed'),
        'came true': done('hit'),
        'for nothing': done('missed'),
        refused: done('refused'),
        'MB x s wasted': count([wastedMbS]),
      }
    },
    measured: ({ guessMs }) => meanEstimate(guessMs),
  },
  {
    id: 'prewarm',
    what: 'servers are kept and started by when each is used',
    on: ({ isOn }) => isOn('prewarm.enabled'),
    setting: 'prewarm.enabled',
    change: 'mycelium config set prewarm.enabled=BOOLEAN',
    gain: 'cold starts less, for the same memory x time',
    deeds: ({ decisions }, count) => {
      const done = (action: string) =>
        count(decisions.filter((one) => one.policy === 'prewarm' && one.action === action))
      return { 'started ahead': done('warm'), 'held back for memory': done('hold') }
    },
    // Whether a use would have found it cold without, only a replay of both can tell.
    measured: () =>
      unknown('not measurable while it runs: mycelium prewarm evaluate --idle-trace replays both'),
  },
  {
    id: 'envelope',
    what: 'each server is held to the memory that it was seen to need',
    on: ({ isOn }) => isOn('envelope.enabled'),
    setting: 'envelope.enabled',
    change: 'mycelium envelope tune, then mycelium config set envelope.enabled=BOOLEAN',
    gain: 'MB less of memory',
    deeds: ({ decisions }, count) => {
      const done = (...actions: readonly string[]) =>
        count(decisions.filter((one) => one.policy === 'envelope' && actions.includes(one.action)))
      return {
        'ended over their limit': done('end', 'kill'),
        'replaced at rest': done('renew', 'let-go'),
        'limits raised': done('raise'),
        'processes not started': done('grow'),
      }
    },
    // What a server would have come to without, nobody knows.
    measured: () => unknown('not measurable while it runs: mycelium envelope evaluate replays a recording'),
  },
]
