// Makes a checkout ready to run: packages as package-lock.json says, dist/ as the sources say. Does only what is missing.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, isBuilt } from './build.mjs'
import { withLock } from './lock.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Whether node_modules holds what package-lock.json asks for. npm keeps its own list there; dates say nothing after a checkout. */
function isInstalled() {
  const installedList = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedList)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages
  // Optional ones are for other platforms, mostly, and npm leaves those out; but not those that we ask for ourselves.
  const own = Object.keys(wanted[''].optionalDependencies ?? {}).map((name) => `node_modules/${name}`)
  return Object.entries(wanted).every(
    ([path, row]) =>
      path === '' || (row.optional && !own.includes(path)) || installed[path]?.version === row.version,
  )
}

async function install() {
  process.stdout.write('setup: installing packages (npm ci), this can take a minute ... ')
  const started = performance.now()
  const { code, text } = await run('npm', [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  if (code !== 0) {
    process.stdout.write(`failed\n${text}`)
    throw new Error(`npm ci ended with ${code}`)
  }
  process.stdout.write(`done in ${((performance.now() - started) / 1000).toFixed(0)} s\n`)
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    // onnxruntime-node would fetch libraries for graphics cards, and fail without a network.
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' }
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    child.stderr.on('data', (chunk) => (text += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? signal, text }))
  })
}

if (!isInstalled() || !isBuilt()) {
  try {
    await withLock(root, async () => {
      if (!isInstalled()) await install()
      if (!isBuilt()) await build()
    })
  } catch (error) {
    process.stderr.write(`setup: ${error.message}\n  next: npm ci && npm run build\n`)
    process.exitCode = 1
  }
}
