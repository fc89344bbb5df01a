// Installs the real clients of package.json that are missing: node test/clients/install.mjs [--all], where --all is the heavy ones too.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from '../../scripts/lock.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const all = process.argv.includes('--all')

const { dependencies, devDependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))

function isInstalled() {
  return Object.entries({ ...dependencies, ...(all && devDependencies) }).every(([name, version]) => {
    const manifest = join(here, 'node_modules', name, 'package.json')
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version
  })
}

await withLock(here, () => {
  if (isInstalled()) return
  // Not `npm ci`: that would first delete what another test may be running.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', [...args, ...(all ? [] : ['--omit=dev'])], {
    cwd: here,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`npm install in ${here} ended with ${status}`)
})
