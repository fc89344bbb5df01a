import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A program of bench/programs in a process of its own; pairs with run.mjs, which bundles them. */
export interface Program {
  readonly child: ChildProcess
  /** Settles when it has said that it is ready. */
  readonly ready: Promise<void>
  /** What it said last, JSON. Rejects when it failed. */
  readonly result: Promise<unknown>
  /** Lets it begin. */
  begin(): void
}

/** Starts one. */
export function startProgram(packageRoot: string, name: string, args: readonly string[]): Program {
  const file = join(packageRoot, 'node_modules/.cache/mycelium-bench', `${name}.mjs`)
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  let last = ''
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line === 'ready') resolve()
      else last = line
    })
  })
  const result = new Promise<unknown>((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(last === '' ? undefined : JSON.parse(last))
      else reject(new Error(`${name} ended with ${code}`))
    })
  })
  return { child, ready, result, begin: () => child.stdin!.end('begin\n') }
}

/** Runs one to its end. */
export function ran(packageRoot: string, name: string, args: readonly string[]): Promise<unknown> {
  const { result, begin } = startProgram(packageRoot, name, args)
  begin()
  return result
}

/** Gives a directory that is gone afterwards. */
export async function inDirectory<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'my-bench-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
