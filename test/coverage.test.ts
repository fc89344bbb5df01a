import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { REQUIREMENTS } from './requirements.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Every id in a verifies(...) call, and the files that cite it. test/full counts: it runs before a release. */
function citations(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const path of readdirSync(here, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.test.ts')) continue
    for (const [, ids] of readFileSync(join(here, path), 'utf8').matchAll(/\bverifies\(([^)]*)\)/g)) {
      for (const [, id] of ids!.matchAll(/'([^']+)'/g)) found.set(id!, [...(found.get(id!) ?? []), path])
    }
  }
  return found
}

it('every requirement is cited by a test', () => {
  const cited = citations()
  expect(Object.keys(REQUIREMENTS).filter((id) => !cited.has(id))).toEqual([])
})

it('every citation names a requirement', () => {
  const unknown = [...citations()].filter(([id]) => !(id in REQUIREMENTS))
  expect(unknown).toEqual([])
})
