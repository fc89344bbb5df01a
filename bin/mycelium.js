#!/usr/bin/env node
// Loader only, in plain JavaScript that any Node can parse, so that an old one gets a sentence and not a syntax error.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
const isOld = major < 20 || (major === 20 && minor < 19)
const [, , verb, ...rest] = process.argv
// An agent waits for these at every tool use and every change of its status line: they load no command tree, and never fail.
const isQuick = (verb === 'hook' || verb === 'statusline') && !rest.includes('--help') && !rest.includes('-h')
const script = new URL(isQuick ? `../dist/${verb}.cjs` : '../dist/cli.js', import.meta.url)

if (isQuick) {
  if (!isOld) await import(script).catch(() => {})
} else if (isOld) {
  process.stderr.write(
    `mycelium: needs Node 20.19 or newer, this is ${process.versions.node} (${process.execPath})\n`,
  )
  process.exitCode = 1
} else if (!existsSync(script)) {
  process.stderr.write('mycelium: dist/cli.js is missing\n  next: npm run build\n')
  process.exitCode = 1
} else {
  await import(script)
}
