import type { Io } from './io.ts'

/** Nothing is shown for work that is done sooner. */
const SHOW_AFTER_MS = 1_000
const EVERY_MS = 100
const BAR_WIDTH = 24

/** A bar on stderr while work lasts: `show` as often as you like, `done` clears it. Nothing where stderr is no terminal. */
export function progressBar(
  io: Pick<Io, 'talk' | 'terminal'>,
  what: string,
  now: () => number,
): { show(done: number, total: number, detail: string): void; done(): void } {
  const startedAtMs = now()
  let shownAtMs = 0
  let shown = false
  return {
    show: (done, total, detail) => {
      const at = now()
      if (!io.terminal.stderr || at - startedAtMs < SHOW_AFTER_MS || at - shownAtMs < EVERY_MS) return
      shownAtMs = at
      shown = true
      const share = total === 0 ? 0 : Math.min(1, done / total)
      const full = Math.round(share * BAR_WIDTH)
      io.talk(
        `\r\x1b[K${what} ${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(share * 100)} % ${detail}`,
      )
    },
    done: () => {
      if (shown) io.talk('\r\x1b[K')
    },
  }
}
