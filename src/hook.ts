import { join } from 'node:path'
import { askForNext } from './commands/ask-quick.ts'
import { runHook } from './commands/hook.ts'
import { systemClock } from './core/clock.ts'
import { openStdin } from './core/input.ts'

// dist/hook.cjs: `mycelium hook` without the command tree, because agents wait for it at every tool use. The hook file that init
// writes (templates/quiet.sh) starts it, and so does bin/mycelium.js. CommonJS: a module costs 6 ms more to load.
const [, , verb, client, event] = process.argv
const end = () => process.exit(0)
/** Resolves when it has left, or when there is nobody to take it. */
const write = (answer: string) =>
  new Promise<void>((resolve) => {
    process.stdout.on('error', () => resolve())
    process.stdout.write(answer, () => resolve())
  })
const parsers = join(__dirname, 'parsers.js')

// Pairs with daemon/quick-host.ts. Without a daemon behind it, it would never end.
if (verb === 'wait-for-hooks' && client !== undefined && process.connected)
  import('./quick.ts').then(({ waitForHooks }) => waitForHooks(client))
else
  runHook({ client, event, input: openStdin(), env: process.env, clock: systemClock, parsers, write })
    .then(() => askForNext(process.env, systemClock))
    .then(end, end)
