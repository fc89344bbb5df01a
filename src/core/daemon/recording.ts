import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import { SegmentWriter } from '../events/segment-writer.ts'
import type { Log } from '../log.ts'
import type { Identity } from '../process.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Who } from '../recorder/call-event.ts'
import { type Append, Recorder } from '../recorder/recorder.ts'
import type { Sample, Tree } from '../recorder/sampler.ts'
import { Tallies } from '../recorder/tally.ts'
import type { Hello } from './hello.ts'

/** What recording needs of the daemon. */
export interface RecordingServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
  readonly settings: Settings
  readonly daemon: Identity
  /** Told of each event, recorded or not; it may take no time, as calls wait for it. */
  readonly also: Append
  /** Told of an answer to tools/list with something new in it. */
  readonly listed: (server: string, answer: Frame) => void
}

const LIVE = [
  'events.fsync',
  'events.fsync_ms',
  'events.segment_bytes',
  'events.segment_age',
  'events.max_bytes',
] as const

/** The recorder with the segments it writes to, following the settings. */
export class Recording {
  readonly recorder: Recorder
  /** Records an event. */
  readonly append: Append
  /** Counts since the daemon started, also of what is not recorded. */
  readonly tallies = new Tallies()
  readonly #writer: SegmentWriter
  readonly #services: RecordingServices
  #sampledAtMs = 0
  #sampling = false

  constructor(services: RecordingServices) {
    const { paths, clock, log, settings, daemon, also, listed } = services
    this.#services = services
    this.#writer = new SegmentWriter({
      dir: paths.events,
      writer: 'daemon',
      owner: daemon,
      clock,
      ...optionsFrom(settings),
      trouble: (because) => log.event('events-trouble', { because }),
    })
    settings.onChange(LIVE, () => Object.assign(this.#writer.options, optionsFrom(settings)))
    this.append = (kind, event) => {
      this.tallies.note(kind, event)
      also(kind, event)
      if (settings.get('events.enabled')) this.#writer.append(kind, event)
    }
    this.recorder = new Recorder(clock, this.append, listed)
  }

  /** Called in each tick: begins a round of samples when it is time, goes on with one that has begun. `trees` only when it is time. */
  tick(trees: () => readonly Tree[]): void {
    const { clock, settings } = this.#services
    if (this.#sampling) {
      this.#sampling = this.recorder.stepSamples()
      return
    }
    if (
      !settings.get('events.enabled') ||
      clock.now() - this.#sampledAtMs < settings.get('events.sample_interval')
    )
      return
    this.#sampledAtMs = clock.now()
    this.recorder.beginSamples(trees())
    this.#sampling = this.recorder.stepSamples()
  }

  /** The latest look at each tree, by the pid of its root; no older than about one interval. */
  latestSamples(trees: readonly Tree[]): ReadonlyMap<number, Sample> {
    return this.recorder.latestSamples(trees, 2 * this.#services.settings.get('events.sample_interval'))
  }

  /** Settles when all that was recorded is on the disk, or could not be: false. */
  close(): Promise<boolean> {
    return this.#writer.close()
  }

  /** Settles when all that was recorded so far can be read, or could not be written: false. */
  flush(): Promise<boolean> {
    return this.#writer.flush()
  }
}

/** What the events of a connection say of it. Claude Code tells servers its own session and project. */
export function whoOf(
  { client, cwd, env, relay }: Hello,
  server: string,
  session: string,
): Omit<Who, 'mode'> {
  return {
    session,
    clientSession: env.CLAUDE_CODE_SESSION_ID ?? '',
    client,
    project: env.CLAUDE_PROJECT_DIR || cwd,
    server,
    via: relay,
  }
}

function optionsFrom(settings: Settings) {
  return {
    fsync: settings.get('events.fsync'),
    fsyncMs: settings.get('events.fsync_ms'),
    segmentBytes: settings.get('events.segment_bytes'),
    segmentAgeMs: settings.get('events.segment_age'),
    maxBytes: settings.get('events.max_bytes'),
  }
}
