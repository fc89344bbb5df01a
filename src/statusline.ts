import { askForNext } from './commands/ask-quick.ts'
import { statusText } from './commands/statusline.ts'
import { systemClock } from './core/clock.ts'
import { openStdin } from './core/input.ts'

// dist/statusline.cjs: `mycelium statusline` without the command tree, as hook.ts.
const end = () => process.exit(0)
// A client that has gone needs no line.
process.stdout.on('error', end)
statusText({ input: openStdin(), env: process.env, clock: systemClock })
  .then((text) => new Promise((resolve) => process.stdout.write(text, resolve)))
  .then(() => askForNext(process.env, systemClock))
  .then(end, end)
