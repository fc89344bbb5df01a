import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { shellQuote } from './render.ts'

/** The text of what clients start as mycelium's own MCP server (config/mcp-place.ts says where it is). `packageDir` holds templates/ and bin/. */
export function renderMcp(paths: Pick<Paths, 'root'>, nodePath: string, packageDir: string): string {
  const values: Readonly<Record<string, string>> = {
    root: shellQuote(paths.root),
    node: shellQuote(nodePath),
    script: shellQuote(join(packageDir, 'bin/mycelium.js')),
  }
  const template = readFileSync(join(packageDir, 'templates/mcp.sh'), 'utf8')
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
}
