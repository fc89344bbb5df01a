import { mkdirSync, rmSync } from 'node:fs'
import type { Paths } from '../../config/paths.ts'
import { writeFailure, writeFileAtomic } from '../../config/write-file.ts'
import { textIfRegular } from '../../regular-file.ts'

/** What was kept of one server: limits of one of its processes, whole MB. */
export interface KeptEnvelope {
  readonly softMb: number
  readonly hardMb: number
  readonly guaranteeMb: number
  /** What is set aside for it where memory is lent; files of earlier versions have none. */
  readonly asideMb?: number
  /** 0 … 1: by how many windows it was made of. */
  readonly confidence: number
  /** Why the hard limit is what it is, as a person reads it. */
  readonly because: string
  /** ISO 8601: since when the hard limit is in force. */
  readonly since: string
  /** Most processes at once, which all have these limits. */
  readonly processes: number
}

/** models/envelopes.json of the root. A reader that does not know the version has no limits. */
export interface EnvelopeFile {
  readonly version: 1
  /** ISO 8601. */
  readonly tunedAt: string
  /** What all limits together may come to. */
  readonly ceilingMb: number
  readonly guaranteesFit: boolean
  readonly servers: Readonly<Record<string, KeptEnvelope>>
  /** ISO 8601 by server: samples from before do not count. */
  readonly resets: Readonly<Record<string, string>>
}

/** What was kept; undefined where nothing was, or what is there cannot be understood. */
export function readEnvelopes(paths: Pick<Paths, 'envelopes'>): EnvelopeFile | undefined {
  const text = textIfRegular(paths.envelopes)
  if (text === undefined) return undefined
  try {
    const value = Object(JSON.parse(text))
    const isSound =
      value.version === 1 &&
      isMoment(value.tunedAt) &&
      isAmount(value.ceilingMb) &&
      typeof value.guaranteesFit === 'boolean' &&
      entriesOf(value.servers).every(([, one]) => isKept(Object(one))) &&
      entriesOf(value.resets).every(([, moment]) => isMoment(moment))
    return isSound ? (value as EnvelopeFile) : undefined
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

/** Keeps them. Throws write_failed or config_read_only. */
export function writeEnvelopes(paths: Pick<Paths, 'models' | 'envelopes'>, file: EnvelopeFile): void {
  try {
    mkdirSync(paths.models, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw writeFailure(paths.envelopes, cause)
  }
  const isEmpty = entriesOf(file.servers).length === 0 && entriesOf(file.resets).length === 0
  if (isEmpty) rmSync(paths.envelopes, { force: true })
  else writeFileAtomic(paths.envelopes, `${JSON.stringify(file, null, 2)}\n`)
}

/** Throws TypeError for what is no object. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object')
  return Object.entries(value)
}

function isKept({
  softMb,
  hardMb,
  guaranteeMb,
  asideMb,
  confidence,
  because,
  since,
  processes,
}: Record<string, unknown>): boolean {
  return (
    [softMb, hardMb, guaranteeMb, asideMb ?? hardMb].every(isAmount) &&
    isAmount(processes) &&
    typeof confidence === 'number' &&
    typeof because === 'string' &&
    isMoment(since)
  )
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && Number.isFinite(Date.parse(value))
}
