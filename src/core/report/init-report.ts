import { counted } from './counted.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** One server of the plan, as a person and a script read it. */
export interface PlannedServer {
  readonly id: string
  readonly name: string
  readonly launcher: string
  readonly mode: string
  readonly why: string
  readonly sources: readonly { readonly client: string; readonly scope: string; readonly file: string }[]
}

/** One entry that stays as it is. */
export interface LeftEntry {
  readonly client: string
  readonly file: string
  readonly name: string
  readonly reason: string
}

/** How init ended. */
export type InitEnd = 'dry run' | 'declined' | 'done'

/** The relay that launchers become; `other` is nc or node, which only a launcher tells apart. */
export type Relay = 'c' | 'perl' | 'other'

/** What init did, counted; `planned` entries are those a dry run would have changed. */
export interface InitCounts {
  readonly planned: number
  readonly changedEntries: number
  readonly changedFiles: number
  readonly launchers: number
  readonly relay: Relay | undefined
  readonly problems: number
  /** Hooks and status lines put into settings of clients. */
  readonly hooks: number
  readonly statusline: boolean
  /** Configs that were given mycelium's own server. */
  readonly mcp: number
  /** Servers that no config calls any more. */
  readonly forgotten: readonly string[]
}

/** What eight sessions of one server run, by its mode; without mycelium they run eight processes. */
const PROCESSES_FOR_8: Readonly<Record<string, string>> = {
  shared: '8 sessions run 1 process instead of 8',
  call: '8 sessions run as many processes as have a call under way, instead of 8',
  session: '8 sessions run 8 processes, each started before it is asked for',
}

/** The servers to take over, and the entries that stay as they are. */
export function initReport(view: {
  readonly servers: readonly PlannedServer[]
  readonly left: readonly LeftEntry[]
  readonly home: string
  readonly width: number
  readonly paint: Paint
}): string {
  const { servers, left, width, paint } = view
  const short = (path: string) =>
    path.startsWith(`${view.home}/`) ? `~${path.slice(view.home.length)}` : path
  const taken = servers.map(({ name, sources, mode, launcher, why }) => {
    const clients = [...new Set(sources.map((source) => source.client))].join(', ')
    const saving = PROCESSES_FOR_8[mode] ?? ''
    return `${paint.strong(printable(name))}  ${mode}: ${saving}\n  ${printable(why)}\n  ${paint.faint(`in ${clients}; ${short(launcher)}`)}\n`
  })
  const kept = table(
    [{ title: 'LEFT AS IT IS' }, { title: 'IN' }, { title: 'WHY' }, { title: 'FILE', shrinks: true }],
    left.map(({ name, client, reason, file }) => [name, client, reason, short(file)].map(printable)),
    width,
  )
  const ofProjects = servers.flatMap(({ sources }) => sources.filter(({ scope }) => scope === 'project'))
  const note = [...new Set(ofProjects.map(({ file }) => file))]
    .map(
      (file) =>
        `${paint.warn('note:')} ${short(file)} belongs to the project: keep the change out of its repository\n`,
    )
    .join('')
  const hint = servers.some((server) => server.mode === 'session')
    ? `${paint.faint('A server that keeps nothing between calls can be shared: mycelium server share NAME shared')}\n`
    : ''
  return [
    servers.length > 0 ? `${taken.join('')}${hint}${note}\n` : '',
    left.length > 0 ? `${kept}\n` : '',
  ].join('')
}

const RELAYS: Readonly<Record<Relay, string>> = {
  c: '  relay: compiled on this machine\n',
  perl: '  relay: perl; with a C compiler here, init makes a lighter one\n',
  other: '  relay: nc or node; with a C compiler here, init makes a lighter one\n',
}

/** The last lines: what happened, what launchers become, and the next command. */
export function initSummary(how: InitEnd, counts: InitCounts): string {
  const { changedEntries, changedFiles, launchers, problems } = counts
  const relay = counts.relay === undefined ? '' : RELAYS[counts.relay]
  if (how === 'declined') return 'nothing was changed\n'
  if (how === 'dry run') {
    const wouldBe = `dry run: nothing was changed\n${relay}  next: mycelium init\n`
    return counts.planned === 0 ? 'nothing to do\n' : wouldBe
  }
  const forgot =
    counts.forgotten.length > 0 ? `forgotten, as no config calls them: ${counts.forgotten.join(', ')}\n` : ''
  const installed = [
    ...(counts.hooks > 0 ? [counted(counts.hooks, 'hook', 'hooks')] : []),
    ...(counts.statusline ? ['status line'] : []),
    ...(counts.mcp > 0 ? [`own server in ${counted(counts.mcp, 'config', 'configs')}`] : []),
  ]
  const hooked = installed.length > 0 ? `${installed.join(' and ')} installed\n` : ''
  if (changedEntries === 0 && launchers === 0)
    return `${forgot}${hooked}` || (problems > 0 ? 'nothing was changed\n' : 'nothing to do\n')
  const changed = `${counted(changedEntries, 'entry', 'entries')} in ${counted(changedFiles, 'file', 'files')} changed`
  const next =
    changedEntries > 0 ? '  next: start your agents again; mycelium undo takes everything back\n' : ''
  return `${forgot}${hooked}${changed}, ${counted(launchers, 'launcher', 'launchers')} written\n${relay}${next}`
}
