import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import type { EventOf } from '../events/event.ts'
import type { Log } from '../log.ts'
import type { Intent } from '../policy/advice/advise.ts'
import {
  type AdviceRecord,
  readRecord,
  type Standing,
  standingOf,
  withOutcome,
  withSums,
} from '../policy/advice/record.ts'
import type { Pool } from '../pool/pool.ts'
import { jsonIfRegular } from '../regular-file.ts'
import type { Course } from './courses.ts'

/** What following guesses needs of the daemon. */
export interface GuessServices {
  readonly paths: Pick<Paths, 'advice'>
  readonly clock: Clock
  readonly log: Log
  readonly tell: (event: EventOf<'guess'>) => void
}

/** What a guess followed from. */
export type Cause = 'call' | 'text'

/** A guess that has not come true yet, nor is proven wrong. */
interface Guess {
  readonly course: Course
  readonly pool: Pool
  readonly intent: Intent
  readonly cause: Cause
  readonly sinceMs: number
  readonly untilMs: number
  /** Why nothing was started; empty where something was. */
  readonly refusal: string
  /** Nothing was started because guesses do not pay: it is followed all the same, to see whether they would. */
  readonly dry: boolean
}

const MAX_GUESSES = 256

/** Guesses that were worth a start, and what becomes of them: told as events, added up in one file that outlives the daemon. */
export class Guesses {
  readonly #services: GuessServices
  /** Those that have neither come true nor been proven wrong. */
  readonly #open = new Set<Guess>()
  #record: AdviceRecord

  constructor(services: GuessServices) {
    this.#services = services
    this.#record = readRecord(jsonIfRegular(services.paths.advice))
  }

  get standing(): Standing {
    return standingOf(this.#record)
  }

  /** Servers that are held for guesses, and MB that they take. */
  get held(): { readonly servers: number; readonly mb: number } {
    const held = [...this.#open].filter(({ refusal }) => refusal === '')
    return { servers: held.length, mb: held.reduce((sum, { intent }) => sum + intent.candidate.memoryMb, 0) }
  }

  /** Whether there is a guess about the pool already: what was refused is not asked for again before its time is over. */
  isOpen(pool: Pool, course: Course): boolean {
    return [...this.#open].some((one) => one.pool === pool && (one.refusal === '' || one.course === course))
  }

  /** A server was started for a guess, or was not: `refusal` says why; `dry` where it is because guesses do not pay. */
  begin(
    guess: Pick<Guess, 'course' | 'pool' | 'intent' | 'cause' | 'refusal' | 'dry'>,
    holdMs: number,
  ): void {
    if (this.#open.size >= MAX_GUESSES) return
    const sinceMs = this.#services.clock.wall()
    const one = { ...guess, sinceMs, untilMs: sinceMs + holdMs }
    this.#open.add(one)
    const { refusal } = guess
    this.#tell(one, refusal === '' ? 'warmed' : 'refused', { because: refusal || guess.intent.because })
    this.#record = withSums(this.#record, refusal === '' ? { acts: 1 } : { refused: 1 })
    this.#save()
  }

  /** A call of the course to the server arrived, microseconds since the epoch. */
  used(course: Course, server: string, atUs: number): void {
    for (const guess of this.#open) {
      if (guess.pool.profile.server !== server) continue
      if (guess.course === course) this.#hit(guess, atUs / 1000)
      // Memory that somebody else has use for is not wasted, and that was not what was foreseen.
      else if (guess.refusal === '') this.#open.delete(guess)
    }
  }

  /** The start failed: what was held was nothing. */
  failed(pool: Pool): void {
    for (const guess of this.#open)
      if (guess.pool === pool && guess.refusal === '') this.#missed(guess, 0, 'it did not start')
  }

  /** Called in each tick: what did not come true in time was wrong, and so was what is gone before. */
  look(): void {
    const now = this.#services.clock.wall()
    for (const guess of this.#open) {
      const isGone = guess.refusal === '' && guess.pool.alive === 0 && guess.pool.starting === 0
      if (now < guess.untilMs && !isGone) continue
      const heldMs = Math.max(0, Math.min(now, guess.untilMs) - guess.sinceMs)
      if (guess.refusal === '')
        this.#missed(guess, heldMs, isGone ? 'it ended before a call came' : 'no call came')
      else this.#over(guess, false)
    }
  }

  #hit(guess: Guess, atMs: number): void {
    if (guess.refusal !== '') {
      this.#over(guess, atMs >= guess.sinceMs)
      return
    }
    const heldMs = Math.max(0, atMs - guess.sinceMs)
    const savedMs = Math.min(guess.intent.candidate.coldMs, heldMs)
    this.#tell(guess, 'hit', { heldMs, savedMs, because: 'the session called it' })
    this.#record = withSums(this.#record, { hits: 1, savedMs })
    this.#over(guess, true)
  }

  #missed(guess: Guess, heldMs: number, because: string): void {
    const { candidate, missMs } = guess.intent
    const wholeMs = guess.untilMs - guess.sinceMs
    const startMs = missMs - guess.intent.memoryMs
    const costMs = startMs + guess.intent.memoryMs * (wholeMs > 0 ? heldMs / wholeMs : 0)
    this.#tell(guess, 'missed', { heldMs, costMs, because })
    const wastedMbS = (candidate.memoryMb * heldMs) / 1000
    this.#record = withSums(this.#record, { wasted: 1, wastedMbS, costMs })
    this.#over(guess, false)
  }

  /** What was started, or would have been but for bad luck before, counts for whether to go on; what a limit refused does not. */
  #over(guess: Guess, hit: boolean): void {
    this.#open.delete(guess)
    if (guess.refusal !== '' && !guess.dry) return
    const { intent } = guess
    this.#record = withOutcome(this.#record, { hit, coldMs: intent.candidate.coldMs, missMs: intent.missMs })
    this.#save()
  }

  #tell(
    { course, pool, intent, cause }: Guess,
    event: string,
    {
      heldMs = 0,
      savedMs = 0,
      costMs = 0,
      because,
    }: { heldMs?: number; savedMs?: number; costMs?: number; because: string },
  ): void {
    const { clock, log, tell } = this.#services
    const { candidate } = intent
    const us = (ms: number) => Math.round(ms * 1000)
    const { client, clientSession, project } = course
    const { server } = pool.profile
    log.event(`guess-${event}`, { server, cause, because })
    tell({
      ...{ at: us(clock.wall()), server, client, clientSession, project, event, cause },
      chance: Math.round(candidate.chance * 1000),
      coldUs: us(candidate.coldMs),
      memoryKb: Math.round(candidate.memoryMb * 1024),
      ...{ heldUs: us(heldMs), savedUs: us(savedMs), costUs: us(costMs), because },
    })
  }

  #save(): void {
    const { paths, log } = this.#services
    try {
      mkdirSync(dirname(paths.advice), { recursive: true, mode: 0o700 })
      writeFileAtomic(paths.advice, JSON.stringify(this.#record))
    } catch (error) {
      log.event('advice-unsaved', { because: error instanceof Error ? error.message : String(error) })
    }
  }
}
