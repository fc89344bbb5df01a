import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Finding, Look } from './finding.ts'

const FULL_MB = 50
const LOW_MB = 500

/** Room where mycelium writes: the root, and the run directory where that is elsewhere. */
export function checkDisk({ paths }: Look): readonly Finding[] {
  // Both are usually on one file system.
  const places = [
    ...new Map([paths.run, paths.root].map(existing).map((path) => [statSync(path).dev, path])).values(),
  ]
  return places.map((place): Finding => diskFinding(place, statfsSync(place)))
}

/** The finding for one place, from what the system says of its file system. */
export function diskFinding(
  place: string,
  { bavail, bsize, files, ffree }: { bavail: number; bsize: number; files: number; ffree: number },
): Finding {
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024)
  const fix = `df -h '${place}'`
  const base = { subject: place, message: `${freeMb} MB free` }
  if (freeMb < FULL_MB) return { ...base, id: 'disk-full', severity: 'error', fix }
  // Some file systems count no files at all.
  if (files > 0 && ffree < 100)
    return {
      ...base,
      id: 'disk-full',
      severity: 'error',
      message: `${ffree} more files fit`,
      fix: `df -i '${place}'`,
    }
  if (freeMb < LOW_MB) return { ...base, id: 'disk-low', severity: 'warning', fix }
  return { ...base, id: 'disk', severity: 'ok' }
}

function existing(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : existing(dirname(path))
}
