import { statSync } from 'node:fs'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import { readRegular } from '../regular-file.ts'
import type { Band, Calibration, ClassFactor, ModelCalibration } from './calibration.ts'
import { CONTENT_CLASSES } from './content-class.ts'

const VERSION = 1
const MAX_FILE_BYTES = 4 << 20

/** What the file holds: the calibration, and figures that whoever makes it goes on from (usage/calibration/sources.ts). */
export interface CalibrationFile {
  readonly calibration: Calibration
  readonly sources: unknown
}

/**
 * Reads `token-calibration.json` below mycelium's root. Undefined when it is not there, may not be read, is broken, of another version, or
 * says what cannot be: it is learnt anew then, and until then counts are as good as without one.
 */
export function readCalibration(path: string): CalibrationFile | undefined {
  const file = parse(path)
  if (!isObject(file) || file.version !== VERSION || typeof file.table !== 'string') return undefined
  if (!Array.isArray(file.models) || !file.models.every(isModel)) return undefined
  return { calibration: { table: file.table, models: file.models }, sources: file.sources }
}

/** Writes it whole or not at all, readable by the user alone; without the figures where it would be more than is read again. Throws write_failed or config_read_only. */
export function writeCalibration(path: string, { calibration, sources }: CalibrationFile): void {
  const { table, models } = calibration
  const whole = `${JSON.stringify({ version: VERSION, table, models, sources })}\n`
  const fits = Buffer.byteLength(whole) <= MAX_FILE_BYTES
  writeFileAtomic(
    path,
    fits ? whole : `${JSON.stringify({ version: VERSION, table, models, sources: [] })}\n`,
  )
}

function parse(path: string): unknown {
  try {
    const stat = statSync(path)
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES) return undefined
    return JSON.parse(readRegular(path).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'EIO')) return undefined
    throw error
  }
}

function isModel(value: unknown): value is ModelCalibration {
  return (
    isObject(value) &&
    typeof value.model === 'string' &&
    isFactor(value.overall) &&
    isObject(value.classes) &&
    Object.entries(value.classes).every(([name, of]) => isContentClass(name) && isFactor(of)) &&
    isWithin(value.perLine, -100, 100) &&
    isWithin(value.perResult, -1e6, 1e6)
  )
}

function isFactor(value: unknown): value is ClassFactor {
  return (
    isObject(value) && isWithin(value.factor, 0.01, 100) && isWithin(value.n, 0, 1e9) && isBand(value.band)
  )
}

function isBand(value: unknown): value is Band {
  return isObject(value) && isWithin(value.low, 0, 100) && isWithin(value.high, Number(value.low), 100)
}

function isContentClass(name: string): boolean {
  return CONTENT_CLASSES.some((known) => known === name)
}

function isWithin(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && value >= low && value <= high
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
