import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Applied, applyPlan, previewPlan, staleLaunchers } from '../core/clients/apply.ts'
import { stillCalled } from '../core/clients/called.ts'
import { namedClients } from '../core/clients/client-lookup.ts'
import { type Discovery, discover, type Found, type Problem } from '../core/clients/discover.ts'
import { OUR_OWN } from '../core/clients/entry.ts'
import {
  applyHooks,
  type HookPlan,
  hookRow,
  isQuietStale,
  planHooks,
  writeQuiet,
} from '../core/clients/install-hooks.ts'
import { applyMcp, isMcpStale, type McpPlan, planMcp, writeMcp } from '../core/clients/install-mcp.ts'
import { knownServers, registrySays } from '../core/clients/known-servers.ts'
import { type Where, whereFrom } from '../core/clients/places.ts'
import { type Plan, planOf, selects } from '../core/clients/plan.ts'
import { redacted } from '../core/clients/redact.ts'
import { mcpPath } from '../core/config/mcp-place.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { type Paths, pathsOf, rootFrom } from '../core/config/paths.ts'
import type { ServerDef } from '../core/config/registry.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { MyceliumError } from '../core/errors.ts'
import { modeOf } from '../core/launch/catalog.ts'
import {
  compiledRelay,
  expectedRelay,
  removeOtherRelays,
  type Workshop,
} from '../core/launch/compiled-relay.ts'
import { renderMcp } from '../core/launch/mcp-script.ts'
import { quietPath, renderQuiet } from '../core/launch/quiet.ts'
import { launcherTextFor } from '../core/launch/render.ts'
import { which } from '../core/launch/which.ts'
import { nearest } from '../core/nearest.ts'
import { agreed } from '../core/report/agreed.ts'
import { initReport, initSummary, type PlannedServer, type Relay } from '../core/report/init-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { exitCodeAfter, problemRows, problemText } from '../core/report/problems.ts'
import { unifiedDiff } from '../core/report/unified-diff.ts'

/** `mycelium init`. */
export interface InitOptions {
  readonly client?: readonly string[]
  readonly server?: readonly string[]
  readonly dryRun?: boolean
  readonly hooks?: boolean
  readonly statusline?: boolean
  readonly mcp?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** Finds the servers of every client and, when the user agrees, puts launchers in their places. Resolves to the exit code. */
export async function runInit(io: Io, options: InitOptions): Promise<number> {
  const where = whereFrom(io.env, io.cwd)
  const paths = pathsOf(rootFrom(io.env))
  const clients = namedClients(options.client ?? [])
  const discovery = discover(where, clients)
  const only = options.server ?? []
  refuseUnknownServers(only, discovery)
  const planNow = (now: Discovery) =>
    planOf(now, stillCalled(knownServers(paths), now.files, where), paths, only)
  const plan = planNow(discovery)
  const servers = plan.servers.map((server) => plannedServer(server, paths, where))
  const shown = servers.filter((server) => plan.added.includes(server.id))
  const left = discovery.found.filter(
    (found) => found.verdict === 'leave' && found.launcher === undefined && found.reason !== OUR_OWN,
  )
  const hookProblems: Problem[] = []
  const { hooks = false, statusline = false, client: ofClients = [] } = options
  const entryFiles = previewPlan(plan, where)
  const afterEntries = (file: string) => entryFiles.find((one) => one.file === file)?.after
  const wanted = { hooks, statusline, only: ofClients }
  const hookPlans = planHooks(where, paths, wanted, hookProblems, afterEntries)
  const hookFiles = hookPlans.filter(({ before, after }) => before !== after)
  const afterHooks = (file: string) => hookFiles.find((one) => one.file === file)?.after ?? afterEntries(file)
  const quietText = renderQuiet(paths, process.execPath, packageRoot())
  const isQuietWanted = hookPlans.length > 0 && (hooks || statusline)
  const quietIsStale = (isQuietWanted || existsSync(quietPath(paths))) && isQuietStale(paths, quietText)
  const mcpText = renderMcp(paths, process.execPath, packageRoot())
  const planServer = (now: Discovery, later: (file: string) => string | undefined, into: Problem[]) =>
    options.mcp ? planMcp(clients, now, where, paths, into, later) : []
  const mcpFiles = planServer(discovery, afterHooks, hookProblems).filter((one) => one.before !== one.after)
  const mcpIsStale = (mcpFiles.length > 0 || existsSync(mcpPath(paths))) && isMcpStale(paths, mcpText)
  const previews = [...entryFiles, ...hookFiles, ...mcpFiles]
  const talk = (text: string) => (options.json ? undefined : io.write(text))

  talk(initReport({ servers: shown, left, home: where.home, width: io.width, paint: io.paint.stdout }))
  for (const { file, format, before, after } of previews) {
    const texts = [redacted(before, format, file), redacted(after, format, file)] as const
    talk(`${unifiedDiff(file, ...texts, io.paint.stdout)}\n`)
  }
  talk(hookNotes(options, hookPlans))
  const workshop: Workshop = { ...where, paths, source: join(packageRoot(), 'templates/relay.c') }
  // Launchers and registry are our own: bringing them up to date needs no asking.
  const count = plan.files.length + hookFiles.length + mcpFiles.length
  const how = options.dryRun
    ? 'dry run'
    : (await agreed(io, options, count, 'mycelium init'))
      ? 'done'
      : 'declined'
  const textFor = (relay: string | undefined) =>
    launcherTextFor(paths, process.execPath, packageRoot(), relay)
  let relayBinary = plan.servers.length > 0 ? await expectedRelay(workshop) : undefined
  const stale = staleLaunchers(plan.servers, paths, textFor(relayBinary))
  const carryOut = async (now: Discovery) => {
    const agreed = planNow(now)
    relayBinary =
      agreed.servers.length > 0 ? await compiledRelay({ ...workshop, signal: io.signal }) : undefined
    const done = await applyPlan(agreed, where, paths, textFor(relayBinary), io.signal)
    if (relayBinary !== undefined) removeOtherRelays(paths, relayBinary)
    if (quietIsStale) writeQuiet(paths, quietText)
    const hooked = await applyHooks(hookFiles, where, paths, quietText)
    if (mcpIsStale) writeMcp(paths, mcpText)
    const served = await applyMcp(
      planServer(now, () => undefined, []),
      paths,
      mcpText,
    )
    const problems = [...done.problems, ...hooked.problems, ...served.problems]
    return { ...done, hooked: hooked.changed, served: served.changed, problems }
  }
  // A run that has nothing to write leaves no trace, not even that of waiting for its turn.
  const untouched =
    plan.files.length + stale + hookFiles.length + mcpFiles.length === 0 && !quietIsStale && !mcpIsStale
  const idle = untouched && registrySays(paths, plan.servers)
  const applied =
    how === 'done' && !idle
      ? await applyAgreed(discovery, paths, () => discover(where, clients), carryOut)
      : undefined
  const relay = plan.servers.length > 0 ? relayOf(relayBinary, where) : undefined
  const problems = [...discovery.problems, ...hookProblems, ...(applied?.problems ?? [])]
  if (options.json)
    io.write(
      jsonText(initJson({ options, plan, applied, servers, relay, left, hookFiles, mcpFiles, problems })),
    )
  else {
    if (problems.length > 0) talk(changedText(applied?.changed ?? []))
    io.talk(problemText(problems, io.paint.stderr))
    const added = applied?.hooked.flatMap((file) => file.added) ?? []
    io.write(
      initSummary(how, {
        planned: idle ? 0 : 1,
        changedEntries: applied?.changed.reduce((sum, file) => sum + file.servers.length, 0) ?? 0,
        changedFiles: applied?.changed.length ?? 0,
        launchers: applied?.launchersWritten ?? 0,
        relay,
        problems: applied?.problems.length ?? 0,
        hooks: added.filter((one) => one !== 'statusLine').length,
        statusline: added.includes('statusLine'),
        mcp: applied?.served.length ?? 0,
        forgotten: applied?.forgotten ?? [],
      }),
    )
  }
  return exitCodeAfter(problems)
}

/** Applied, and what became of hooks. */
type Done = Applied & {
  readonly served: Awaited<ReturnType<typeof applyMcp>>['changed']
  readonly hooked: Awaited<ReturnType<typeof applyHooks>>['changed']
}

/** Looks anew while no other command can change anything, and leaves out what was not there to agree to. */
function applyAgreed(
  shown: Discovery,
  paths: Paths,
  rediscover: () => Discovery,
  apply: (now: Discovery) => Promise<Done>,
): Promise<Done> {
  const seen = new Set(shown.found.map(placeKey))
  return runAlone(paths, () => {
    const now = rediscover()
    const found = now.found.filter((one) => one.verdict !== 'take' || seen.has(placeKey(one)))
    return apply({ ...now, found })
  })
}

function placeKey({ realFile, place, argv }: Found): string {
  return JSON.stringify([realFile, place, argv])
}

/** Pairs with the order in templates/launcher.sh. */
function relayOf(relayBinary: string | undefined, where: Where): Relay {
  if (relayBinary !== undefined) return 'c'
  return (which('/usr/bin/perl', where) ?? which('perl', where)) ? 'perl' : 'other'
}

/** What of the wish for hooks cannot be had. */
function hookNotes({ hooks, statusline }: InitOptions, plans: readonly HookPlan[]): string {
  if (plans.length === 0)
    return [
      ...(hooks
        ? [
            'hooks: those of Claude Code, Codex and Gemini CLI can be installed, and none of them is in use here',
          ]
        : []),
      ...(statusline ? ['status line: Claude Code alone has one, and it is not in use here'] : []),
      '',
    ].join('\n')
  return plans
    .flatMap(({ file, added, statuslineTaken, wish }) => [
      ...(statuslineTaken ? [`status line: ${file} has another one, which stays\n`] : []),
      ...(added.length > 0 && wish.host.needs ? [`next: ${wish.host.needs}\n`] : []),
    ])
    .join('')
}

/** Named only where something failed: else the diff and the count say it. */
function changedText(changed: Applied['changed']): string {
  return changed.map(({ file, servers }) => `${file}: ${servers.join(', ')} changed\n`).join('')
}

function plannedServer(server: ServerDef, paths: Paths, where: Where): PlannedServer {
  const { id, name, argv, sources } = server
  const { mode, why } = modeOf(argv, server.mode, { cwd: where.cwd, env: where.env })
  return { id, name, launcher: join(paths.launchers, id), mode, why, sources }
}

function refuseUnknownServers(only: readonly string[], discovery: Discovery): void {
  for (const name of only) {
    if (discovery.found.some((found) => selects([name], found))) continue
    const close = nearest(name, [...new Set(discovery.found.map((found) => found.name))])
    throw new MyceliumError('unknown_server', `no client has a server "${name}"`, {
      hint: close === undefined ? 'mycelium init --dry-run lists them' : `did you mean ${close}?`,
    })
  }
}

interface Outcome {
  readonly options: InitOptions
  readonly plan: Plan
  readonly applied: Done | undefined
  readonly hookFiles: readonly HookPlan[]
  readonly mcpFiles: readonly McpPlan[]
  readonly servers: readonly PlannedServer[]
  readonly relay: Relay | undefined
  readonly left: readonly Found[]
  readonly problems: readonly Problem[]
}

function initJson({
  options,
  plan,
  applied,
  servers,
  relay,
  left,
  hookFiles,
  mcpFiles,
  problems,
}: Outcome): object {
  const planned = plan.files.map(({ client, file, takes }) => ({
    client,
    file,
    servers: takes.map((take) => take.name),
  }))
  return {
    dryRun: options.dryRun === true,
    changed: options.dryRun ? planned : (applied?.changed ?? []),
    servers,
    relay: relay ?? null,
    hooks: options.dryRun
      ? hookFiles.map(({ wish, file, added }) => hookRow(wish.host, file, added))
      : (applied?.hooked ?? []),
    mcp: (options.dryRun ? mcpFiles : (applied?.served ?? [])).map(({ client, file }) => ({ client, file })),
    left: left.map(({ client, file, name, reason }) => ({ client, file, name, reason })),
    problems: problemRows(problems),
  }
}
