#!/usr/bin/env node
// Loader only, in plain JavaScript that any Node can parse, so that an old one gets a sentence and not a syntax error.
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
const cli = new URL('../dist/cli.js', import.meta.url)

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `mycelium: needs Node 20.19 or newer, this is ${process.versions.node} (${process.execPath})\n`,
  )
  process.exitCode = 1
} else if (!existsSync(cli)) {
  process.stderr.write('mycelium: dist/cli.js is missing\n  next: npm run build\n')
  process.exitCode = 1
} else {
  await import(cli)
}
