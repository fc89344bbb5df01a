import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { shellQuote } from '../launch/render.ts'
import type { JobSet, Program } from './job-set.ts'
import { parseAt, type Schedule } from './schedule.ts'
import { filled, unusable } from './template.ts'

/** Minute of each hour at which missed runs are caught up. */
const CATCH_UP_MINUTE = 43
/** Longest command that every cron keeps whole (Debian's MAX_COMMAND is 1000 with the closing NUL). */
const MAX_COMMAND_BYTES = 900
/** Behind the opening mark when the user's last line had no line end and got one. */
const JOINED = ' line end added'

/** The five fields of a schedule, crontab(5). */
export function cronFields({ days, hours, minutes }: Schedule): string {
  const hourField = hours.length === 24 ? '*' : hours.join(',')
  return `${minutes.join(',')} ${hourField} * * ${days.length === 0 ? '*' : days.join(',')}`
}

/** Where the program lies that crontab lines call. */
export function cronProgramPath(paths: Pick<Paths, 'jobs'>): string {
  return join(paths.jobs, 'run')
}

/** Its text. */
export function cronProgram({ node, script, env }: Program): string {
  return filled('job-cron.sh', {
    environment: Object.entries(env)
      .map(([name, value]) => `${name}=${shellQuote(value)}\nexport ${name}`)
      .join('\n'),
    node: shellQuote(node),
    script: shellQuote(script),
  })
}

/** Our lines between their marks, for a crontab. Throws job_path_unusable. */
export function crontabBlock(set: JobSet, paths: Pick<Paths, 'jobs'>, instance: string): string {
  const program = cronWord(cronProgramPath(paths))
  const rows = set.jobs.map(
    ({ name, at }) => `${cronFields(parseAt(at).schedule)} /bin/sh ${program} ${name}`,
  )
  const lines = [...rows, `${CATCH_UP_MINUTE} * * * * /bin/sh ${program}`].join('\n')
  return filled('job-crontab', { instance: nameOf(instance), lines })
}

/**
 * One word of a crontab line. To most crons a bare % ends the command, and they take the backslash before one away; to those that know
 * nothing of it the shell does: so it stands outside of the quotes.
 */
function cronWord(text: string): string {
  if (/[\n\r\0]/.test(text)) throw unusable(text, 'a crontab, where a line is a job')
  const word = text.split('%').map(shellQuote).join('\\%')
  if (Buffer.byteLength(word) > MAX_COMMAND_BYTES) throw unusable(text, 'a crontab: its lines are short')
  return word
}

function nameOf(instance: string): string {
  return instance === '' ? '' : ` ${instance}`
}

/** Where our block stands in a crontab. */
interface Found {
  readonly before: string
  readonly block: string
  readonly after: string
  readonly isJoined: boolean
}

/** The block of this instance in a crontab; undefined where there is none. The texts are bytes, as latin1 gives them. */
export function blockIn(crontab: string, instance: string): string | undefined {
  return find(crontab, instance)?.block.replace(JOINED, '')
}

/** The crontab with this block: in the place of the one that is there, else behind everything. Nothing else in it changes. */
export function withBlock(crontab: string, block: string, instance: string): string {
  const found = find(crontab, instance)
  if (found !== undefined) {
    const rest = withoutBlock(found.after, instance)
    return `${found.before}${found.isJoined ? joined(block) : block}${rest}`
  }
  if (crontab === '' || crontab.endsWith('\n')) return crontab + block
  return `${crontab}\n${joined(block)}`
}

/** The crontab as it was before. */
export function withoutBlock(crontab: string, instance: string): string {
  const found = find(crontab, instance)
  if (found === undefined) return crontab
  const { before, after, isJoined } = found
  const own = isJoined && after === '' ? before.replace(/\n$/, '') : before
  return own + withoutBlock(after, instance)
}

function joined(block: string): string {
  return block.replace('\n', `${JOINED}\n`)
}

function find(crontab: string, instance: string): Found | undefined {
  const name = nameOf(instance)
  const start = new RegExp(`^# >>> mycelium jobs${name} >>>(${JOINED})?\\r?$`, 'm').exec(crontab)
  if (start === null) return undefined
  const rest = crontab.slice(start.index)
  const end = new RegExp(`^# <<< mycelium jobs${name} <<<\\r?$`, 'm').exec(rest)
  const length = end === null ? ownLines(rest) : end.index + end[0].length + 1
  return {
    before: crontab.slice(0, start.index),
    block: rest.slice(0, length),
    after: rest.slice(length),
    isJoined: start[1] !== undefined,
  }
}

/** Of a block whose end somebody removed only what is surely ours: the two comments, and lines that call the program. */
function ownLines(rest: string): number {
  let length = 0
  for (const [i, line] of (rest.match(/[^\n]*\n|[^\n]+$/g) ?? []).entries()) {
    if (
      i > 0 &&
      !/^# Made by `mycelium jobs install`|^[\d,*]+ [\d,*]+ \* \* [\d,*]+ \/bin\/sh .*\/jobs\/run'/.test(line)
    )
      break
    length += line.length
  }
  return length
}
