import { mkdirSync } from 'node:fs'
import { readConfig } from '../config/config-text.ts'
import { type McpPlace, mcpPath, readMcpPlaces } from '../config/mcp-place.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { textIfRegular } from '../regular-file.ts'
import type { Preview } from './apply.ts'
import { changeFile } from './change-file.ts'
import type { Client } from './client.ts'
import type { Discovery, Problem } from './discover.ts'
import { problemOf } from './discover.ts'
import { type McpWish, putMcp } from './mcp-edit.ts'
import { noteChange } from './note-change.ts'
import { type ConfigFile, configFiles, type Where } from './places.ts'

/** Our own server in one client's config. */
export interface McpPlan extends Preview {
  readonly client: string
  readonly realFile: string
  readonly project?: string
  readonly wish: McpWish
}

/** What it would change: each client in use gets it once, in the config that counts everywhere, else where its servers are. Nothing is changed yet. */
export function planMcp(
  clients: readonly Client[],
  discovery: Discovery,
  where: Where,
  paths: Paths,
  problems: Problem[],
  /** Texts as they will be when something else was written to them. */
  later: (file: string) => string | undefined,
): readonly McpPlan[] {
  const files = configFiles(clients, where)
  return clients.flatMap((client) => {
    const own = files.filter((config) => config.client.id === client.id && config.format !== 'yaml')
    const used = new Set(discovery.found.filter((one) => one.client === client.id).map(({ file }) => file))
    const config =
      own.find(({ scope }) => scope === 'user') ??
      own.find(({ file, scope }) => scope === 'project' && used.has(file))
    if (config === undefined) return []
    try {
      const before = later(config.file) ?? readConfig(config.file)?.text ?? ''
      const wish = { client: client.id, path: mcpPath(paths), place: placeIn(config, discovery) }
      const { file, realFile, format, project } = config
      const after = putMcp(before, wish, format, file).text
      return [
        {
          client: client.id,
          file,
          realFile,
          format,
          before,
          after,
          wish,
          ...(config.scope === 'project' && project && { project }),
        },
      ]
    } catch (error) {
      problems.push(problemOf(client.id, config.file, error))
      return []
    }
  })
}

/** Where the client's other servers in this file are; else where it looks first. */
function placeIn({ file, client, at }: ConfigFile, { found }: Discovery): readonly string[] {
  const other = found.find(
    (one) => one.file === file && one.client === client.id && one.place[0] !== 'projects',
  )
  return other?.place ?? at.find((path) => !path.includes('*')) ?? at[0]!
}

/** Carries it out: the program first, then backup, journal and config, then the note for the daemon. */
export async function applyMcp(
  plans: readonly McpPlan[],
  paths: Paths,
  script: string,
): Promise<{
  readonly changed: readonly { readonly client: string; readonly file: string }[]
  readonly problems: readonly Problem[]
}> {
  const changed: { client: string; file: string }[] = []
  const problems: Problem[] = []
  const places: McpPlace[] = []
  if (plans.length > 0) writeMcp(paths, script)
  for (const { client, file, realFile, format, project, wish } of plans) {
    try {
      const outcome = await changeFile(realFile, (before) => {
        const { text, made } = putMcp(before, wish, format, file)
        if (text !== before)
          noteChange(
            paths,
            { file, realFile, before, after: text },
            (record) => ({ mcp: { client, path: wish.path, made: record?.mcp?.made ?? made } }),
            () => before,
          )
        return text
      })
      if (outcome === 'changed') changed.push({ client, file })
      if (outcome !== 'missing') places.push({ client, file, ...(project !== undefined && { project }) })
    } catch (error) {
      problems.push(problemOf(client, file, error))
    }
  }
  notePlaces(paths, places)
  return { changed, problems }
}

function notePlaces(paths: Paths, places: readonly McpPlace[]): void {
  const known = readMcpPlaces(paths)
  const fresh = places.filter(
    ({ client, file }) => !known.some((one) => one.client === client && one.file === file),
  )
  if (fresh.length === 0) return
  writeFileAtomic(
    paths.mcpPlaces,
    `${JSON.stringify({ version: 1, places: [...known, ...fresh] }, null, 2)}\n`,
  )
}

/** Whether the program would be written, or written anew. */
export function isMcpStale(paths: Paths, script: string): boolean {
  return textIfRegular(mcpPath(paths)) !== script
}

/** Writes the program that clients start, unless it is so already. */
export function writeMcp(paths: Paths, script: string): void {
  if (!isMcpStale(paths, script)) return
  for (const directory of [paths.root, paths.bin]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileAtomic(mcpPath(paths), script, 0o700)
}
