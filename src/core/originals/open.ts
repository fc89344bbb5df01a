import type { Resolved } from '../config/layers.ts'
import type { Paths } from '../config/paths.ts'
import { type Originals, originalsIn } from './store.ts'

/** The store of this user, within the bounds that the settings have; `now` is the wall clock, ms. */
export function openOriginals(
  { originals }: Pick<Paths, 'originals'>,
  settings: Pick<Resolved, 'get'>,
  now: () => number,
): Originals {
  const bounds = { maxBytes: settings.get('originals.max_bytes'), maxAgeMs: settings.get('originals.retain') }
  return originalsIn(originals, bounds, now)
}
