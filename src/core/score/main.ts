import { Worker } from 'node:worker_threads'
import { serve, type ToChild } from './child.ts'
import { tools } from './tools.ts'

// Entry of a process that parses; pairs with children.ts. A parser that crashes, hangs or eats memory takes this process with it and no other.
const answer = (message: object): void => void process.send?.(message)
const ready = tools()
process.on('message', (order: ToChild) => {
  void ready.then((given) => serve(order, given, answer))
})
process.on('disconnect', () => process.exit(0))

// A parser that hangs keeps this thread from hearing that its parent was killed: another one looks whose child this is.
const WATCH = `
  const parent = process.ppid
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000)`
new Worker(WATCH, { eval: true }).unref()
