import { join } from 'node:path'
import { Argument, Option } from 'commander'
import { systemClock } from '../core/clock.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { openStdin } from '../core/input.ts'
import { json, type Leaf } from './row.ts'

/** `mycelium doctor`. */
export const DOCTOR: Leaf = {
  word: 'doctor',
  summary: 'find what is wrong, and the command that mends it',
  about: `Looks at clients and their entries, launchers and relay, daemon, locks and processes, versions of servers, how they are shared, \
hooks, directories and disk. Each finding is a fact with the command that mends it; docs/doctor.md lists them all. With --fix what is safe is \
mended: stale launchers, locks, sockets, permissions. Exit status 1 while an error is left.`,
  parts: [new Option('--fix', 'mend what is safe to mend, then look again'), json()],
  run: async (io, _, options) => (await import('../commands/doctor.ts')).runDoctor(io, options),
}

/** `mycelium hook`. Usually bin/mycelium.js goes to hook.ts instead. */
export const HOOK: Leaf = {
  word: 'hook',
  summary: 'record that a hook of a client fired',
  about: `The one entry for the hooks of clients; \`init --hooks\` installs it. Reads what the client writes to its hook from stdin and \
records names, ids and sizes, nothing that was said. Before a tool is used in a project that hides files (\`mycelium ignore write\`) it says no where \
the tool would read one, and reads over their budget it answers in part where that is wanted (budget.enabled). It prints nothing else and ends with 0 \
whatever happens, so that no agent waits for it or fails by it; what went wrong is in log/hook.log.`,
  parts: [
    new Argument('<client>', 'whose hook it is: claude-code, codex or gemini-cli'),
    new Argument('[event]', 'the event, where the input does not name it'),
  ],
  run: async ({ env, write }, [client, event]) =>
    (await import('../commands/hook.ts')).runHook({
      client,
      event,
      input: openStdin(),
      env,
      clock: systemClock,
      parsers: join(packageRoot(), 'dist/parsers.js'),
      write,
    }),
}

/** `mycelium statusline`. Usually bin/mycelium.js goes to statusline.ts instead. */
export const STATUSLINE: Leaf = {
  word: 'statusline',
  summary: 'print the status line of Claude Code',
  about: `Reads what Claude Code writes to its status line from stdin and prints one line: model, cost of the session, context used, and \
what the daemon keeps warm. What is not known is left out; it never fails. \`init --hooks --statusline\` installs it.`,
  run: async (io) => {
    const { statusText } = await import('../commands/statusline.ts')
    io.write(await statusText({ input: openStdin(), env: io.env, clock: systemClock }))
  },
}
