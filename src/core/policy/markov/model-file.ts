import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFailure, writeFileAtomic } from '../../config/write-file.ts'
import { hasErrno, MyceliumError } from '../../errors.ts'
import { readRegular } from '../../regular-file.ts'
import type { Backtest } from './backtest.ts'
import type { Model } from './model.ts'
import { MAX_MODEL_BYTES, MODEL_VERSION, modelOf, modelText } from './stored-model.ts'
import type { Verdict } from './verdict.ts'

/** How a model was trained, and what came of its test. */
export interface Training {
  /** Milliseconds since the epoch. */
  readonly trainedAt: number
  readonly halfLifeDays: number
  /** The first and the last call that it was taught, milliseconds since the epoch. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Figures of calls that the tested models were not taught; the calls are the newest of those of the training. */
  readonly heldOut: Backtest
  readonly verdict: Verdict
}

/** A model with how it came about. */
export interface TrainedModel {
  readonly model: Model
  readonly training: Training
  readonly bytes: number
}

/** Writes a model whole or not at all, readable by the user alone; gives its bytes. Throws write_failed, config_read_only. */
export function writeModel(path: string, model: Model, training: Training): number {
  const text = modelText(model, { training })
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw writeFailure(dirname(path), cause)
  }
  writeFileAtomic(path, text)
  return Buffer.byteLength(text)
}

/** Reads the model. Throws model_none where there is none, model_unusable where it is broken or of another version. */
export function readModel(path: string): TrainedModel {
  const bytes = bytesOf(path)
  const value = parsed(path, bytes)
  const { training, version } = value as { readonly training?: Training; readonly version?: unknown }
  const model = modelOf(value)
  if (model !== undefined && training?.verdict !== undefined && training.heldOut !== undefined)
    return { model, training, bytes: bytes.length }
  throw new MyceliumError(
    'model_unusable',
    version === MODEL_VERSION
      ? `${path} is broken`
      : `${path} is of version ${String(version)}, not ${MODEL_VERSION}`,
  )
}

function bytesOf(path: string): Buffer {
  try {
    return readRegular(path, 2 * MAX_MODEL_BYTES)
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('model_none', 'nothing was trained yet', { cause })
    if (hasErrno(cause, 'EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'EIO') || cause instanceof MyceliumError)
      throw new MyceliumError('model_unusable', `${path} cannot be read`, { cause })
    throw cause
  }
}

function parsed(path: string, bytes: Buffer): object {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new MyceliumError('model_unusable', `${path} is broken`)
}
