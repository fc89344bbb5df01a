// The relay of last resort: launcher.sh runs it where no compiled relay, no perl and no OpenBSD nc is to be had, with the
// arguments its perl relay gets and the same manners. A change here usually belongs there and in relay.c too. Plain
// JavaScript, never bundled.
import { spawn } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { connect, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const KEPT = 'MYCELIUM_KEEP_'
const OWN_ARGUMENTS = 11
/** What changes how node starts, and what tells a server's children: an agent may itself run inside a server. */
const NOT_FOR_DAEMON = /^(NODE|LD|DYLD|UV|OPENSSL|SSL|GLIBC|MALLOC)_|^MYCELIUM_UPSTREAM$/
const [id, client, cwd, root, run, log, socketPath, node, daemon, startSeconds, ackSeconds, ...argv] =
  process.argv.slice(2)
const hello = `mycelium-hello 1 ${helloBytes().toString('hex')}\n`
const parent = process.ppid

for (const name of Object.keys(process.env).filter((name) => name.startsWith(KEPT))) {
  process.env[name.slice(KEPT.length)] = process.env[name]
  delete process.env[name]
}

/** Exact bytes where /proc has them: process.env and process.argv replace what is not UTF-8. */
function helloBytes() {
  let args = argv
  let directory = cwd
  let variables = Object.entries(process.env).map(([name, value]) => `${name}=${value}`)
  let encoding = 'utf8'
  try {
    const read = (file) => readFileSync(`/proc/self/${file}`, 'latin1').split('\0').slice(0, -1)
    args = read('cmdline').slice(2 + OWN_ARGUMENTS)
    directory = read('cmdline')[2 + 2]
    variables = read('environ')
    encoding = 'latin1'
  } catch {}
  variables = variables.map((line) => (line.startsWith(KEPT) ? line.slice(KEPT.length) : line))
  const header = Buffer.from(`server=${id}\0client=${client}\0relay=node\0pid=${process.pid}\0`)
  const rest = [`cwd=${directory}`, ...args.map((arg) => `arg=${arg}`), '', ...variables].join('\0')
  return Buffer.concat([header, Buffer.from(rest, encoding)])
}

/** Becomes the original server as far as node can: its parent, passing on signals and exit. Never returns. */
function direct(why) {
  writeSync(2, `mycelium: ${why}; running ${id} directly\n`)
  const server = spawn(argv[0], argv.slice(1), { stdio: 'inherit' })
  server.on('error', (error) => {
    writeSync(2, `mycelium: cannot run ${argv[0]}: ${error.code}\n`)
    process.exit(127)
  })
  const passed = ['SIGTERM', 'SIGINT', 'SIGHUP']
  for (const signal of passed) process.on(signal, () => server.kill(signal))
  server.on('exit', (code, signal) => {
    for (const name of passed) process.removeAllListeners(name)
    if (signal) process.kill(process.pid, signal)
    else process.exit(code)
  })
  return new Promise(() => {})
}

/** In /tmp somebody else could lie in wait for our environment. Where others could only look they no longer can. */
async function refuseForeignRun() {
  const stat = lstatSync(run, { throwIfNoEntry: false })
  if (!stat) return
  try {
    if (stat.isDirectory() && stat.uid === process.geteuid() && !(stat.mode & 0o022)) {
      if (stat.mode & 0o077) chmodSync(run, 0o700)
      return
    }
  } catch {}
  await direct(`${run} is not a directory of this user alone (next: mycelium daemon start)`)
}

/** A connection, or the error code why not. */
function dial() {
  return new Promise((resolve) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true })
    const failed = (error) => resolve({ code: error.code })
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.off('error', failed)
      resolve({ socket })
    })
  })
}

const isAbsent = (code) => code === 'ENOENT' || code === 'ECONNREFUSED'

async function reach() {
  await refuseForeignRun()
  const until = Date.now() + ackSeconds * 1000
  for (;;) {
    const { socket, code } = await dial()
    if (socket) return socket
    if (isAbsent(code)) return start()
    if (code !== 'EAGAIN' || Date.now() > until) await direct(`the daemon cannot be reached: ${code}`)
    await sleep(10)
  }
}

/** Starts a daemon and connects to it. No election among launchers: the daemon's own lock leaves one alive. */
async function start() {
  try {
    accessSync(daemon)
    for (const dir of [root, run, log]) mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    await direct(`the daemon is not running and cannot be started: ${error.message}`)
  }
  await refuseForeignRun()
  let pid
  let diedAt
  const until = Date.now() + startSeconds * 1000
  for (let pauseMs = 1; ; pauseMs = Math.min(20, pauseMs * 1.5)) {
    const { socket } = await dial()
    if (socket) {
      if (pid) rmSync(`${run}/start-failed`, { force: true })
      return socket
    }
    const failed = statSync(`${run}/start-failed`, { throwIfNoEntry: false })
    // One of the future is from before the clock was put back.
    const ageMs = failed ? Date.now() - Math.floor(failed.mtimeMs) : -1
    if (ageMs >= 0 && ageMs < 10_000) {
      await direct(`the daemon could not be started (see ${log}/daemon.log)`)
    }
    if (Date.now() > until) await direct(`the daemon did not come up within ${startSeconds} s`)
    pid ??= await spawnDaemon()
    // Ours also ends when somebody else's is still coming up, so its death alone proves nothing.
    if (!isAlive(pid)) diedAt ??= Date.now()
    if (Date.now() - diedAt > 2000)
      writeFileSync(`${run}/start-failed`, 'the daemon ended before it listened\n')
    await sleep(pauseMs)
  }
}

/** Double fork: agents kill their process group, or walk their descendants. The shell between is gone at once. */
function spawnDaemon() {
  const closed = [3, 4, 5, 6, 7, 8, 9].map((fd) => `${fd}>&-`).join(' ')
  const script = `umask 077; cd /; "$@" </dev/null >>"$0" 2>&1 ${closed} & echo $!`
  const between = spawn('/bin/sh', ['-c', script, `${log}/daemon.log`, node, daemon, 'run', root], {
    detached: true,
    env: daemonEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return new Promise((resolve) => {
    between.stdout.once('data', (text) => resolve(Number(text)))
    between.once('error', (error) => direct(`the daemon cannot be started: ${error.code}`))
  })
}

function daemonEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_FOR_DAEMON.test(name))
  // Node hands this one on unless it is there.
  return { ...Object.fromEntries(kept), NODE_V8_COVERAGE: undefined }
}

/** An orphan may stay a zombie in containers whose first process does not reap. */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch (error) {
    return error.code === 'ENOENT' && process.platform !== 'linux'
  }
}

/** Resolves once the daemon has taken us; what follows its word stays in the stream. */
function greet(socket) {
  return new Promise((resolve) => {
    const give = (why) => {
      stop()
      socket.on('error', () => {})
      socket.destroy()
      direct(why)
    }
    const closed = () => give('the daemon closed the connection')
    const broken = () => {} // 'close' follows, once what the daemon still said was read
    const read = () => {
      const word = socket.read(3)?.toString('latin1')
      if (word === 'ok\n') {
        stop()
        resolve()
      } else if (word !== undefined) {
        const reason = (socket.read()?.toString('latin1') ?? '').split('\n')[0]
        give(
          word === 'no ' ? `the daemon refused the session: ${reason}` : 'the daemon speaks another language',
        )
      }
    }
    const timer = setTimeout(give, ackSeconds * 1000, `the daemon did not answer within ${ackSeconds} s`)
    const stop = () => {
      clearTimeout(timer)
      socket.off('readable', read).off('end', closed).off('close', closed).off('error', broken)
    }
    socket.on('readable', read).on('end', closed).on('close', closed).on('error', broken)
    socket.write(hello)
  })
}

/** True when a stdout that is a socket has no reader; an empty write fails then, but not after a mere half-close. */
function readerIsGone() {
  try {
    writeSync(1, Buffer.alloc(0))
    return false
  } catch (error) {
    return error.code === 'EPIPE'
  }
}

/** stdout, watched for the agent's end where it is a socket: Node cannot ask a pipe. */
function openStdout() {
  const out = fstatSync(1)
  const input = fstatSync(0)
  if (!out.isSocket() || out.ino === input.ino) return process.stdout
  const stdout = new Socket({ fd: 1, readable: true, writable: true, allowHalfOpen: true })
  stdout.on('end', () => readerIsGone() && process.exit(1))
  return stdout.resume()
}

function relay(socket) {
  const stdout = openStdout()
  stdout.on('error', () => process.exit(1))
  const leave = (code) => stdout.write('', () => process.exit(code))
  socket.on('end', () => leave(0))
  socket.on('error', () => leave(1))
  socket.pipe(stdout, { end: false })
  process.stdin.on('error', () => process.exit(1))
  process.stdin.on('end', async () => {
    // A dying agent's descriptors close one after the other: a moment, or its death looks like a half-close.
    await sleep(20)
    if (process.ppid !== parent || readerIsGone()) process.exit(1)
    socket.end('\nmycelium-eof\n')
  })
  process.stdin.pipe(socket, { end: false })
}

const socket = await reach()
await greet(socket)
relay(socket)
