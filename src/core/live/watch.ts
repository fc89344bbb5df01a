import { Box, render, Text, useApp, useInput, useStdout } from 'ink'
import { createElement, type ReactElement, useEffect, useState } from 'react'
import { pause } from '../clock.ts'
import type { Paint } from '../report/paint.ts'
import { frameLines } from './frame.ts'
import type { Look, Poller } from './poller.ts'

/** What the live view works with. */
export interface WatchOptions {
  readonly poller: Poller
  readonly paint: Paint
  /** Ends it, as q does. */
  readonly signal: AbortSignal
}

const EVERY_MS = 1_000

/** Draws what the daemon says, each second anew, until q, Ctrl-C or the signal. The last frame stays on the screen. */
export async function watchStatus(options: WatchOptions): Promise<void> {
  const first = await options.poller.look()
  const view = render(createElement(StatusView, { ...options, first }), {
    exitOnCtrlC: true,
    patchConsole: false,
  })
  options.signal.addEventListener('abort', () => view.unmount())
  if (options.signal.aborted) view.unmount()
  await view.waitUntilExit()
  options.poller.close()
}

function StatusView({ poller, paint, first }: WatchOptions & { readonly first: Look }): ReactElement {
  const { exit } = useApp()
  const { stdout } = useStdout()
  const [look, setLook] = useState(first)
  const [size, setSize] = useState({ width: stdout.columns || 80, height: stdout.rows || 24 })
  useInput((key) => {
    if (key === 'q') exit()
  })
  useEffect(() => {
    const resized = (): void => setSize({ width: stdout.columns || 80, height: stdout.rows || 24 })
    stdout.on('resize', resized)
    return () => void stdout.off('resize', resized)
  }, [stdout])
  useEffect(() => {
    let open = true
    const lookAgain = async (): Promise<void> => {
      while (open) {
        await pause(poller.clock, EVERY_MS)
        if (open) setLook(await poller.look())
      }
    }
    lookAgain().catch(exit)
    return () => {
      open = false
    }
  }, [poller, exit])
  const lines = frameLines(look, { ...size, paint })
  return createElement(
    Box,
    { flexDirection: 'column', width: size.width },
    // An empty text takes no line.
    ...lines.map((line, i) => createElement(Text, { key: i, wrap: 'truncate' }, line || ' ')),
  )
}
