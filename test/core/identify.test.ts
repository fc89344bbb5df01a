import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { identify } from '../../src/core/launch/identify.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'my-'))
  const pkg = join(root, 'lib/node_modules/@acme/notes-mcp')
  mkdirSync(join(pkg, 'dist'), { recursive: true })
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(pkg, 'package.json'), '{"name":"@acme/Notes-MCP","version":"2.1.0"}')
  writeFileSync(join(pkg, 'dist/package.json'), '{"type":"module"}')
  writeFileSync(join(pkg, 'dist/index.js'), '#!/usr/bin/env node\n')
  chmodSync(join(pkg, 'dist/index.js'), 0o755)
  symlinkSync(join(pkg, 'dist/index.js'), join(root, 'bin/notes'))
  writeFileSync(join(root, 'bin/github-mcp-server'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(root, 'mcp_server_here.py'), '')
})
afterAll(() => rmSync(root, { recursive: true }))

const at = () => ({ cwd: root, env: { PATH: join(root, 'bin') } })
const words = (line: string) => line.split(' ')

it.each([
  ['npx pkg', 'npm pkg'],
  ['npx -y @scope/pkg', 'npm @scope/pkg'],
  ['/usr/local/bin/npx --yes @scope/pkg@1.2.3 stdio --flag', 'npm @scope/pkg 1.2.3'],
  ['npx -y @scope/pkg@latest', 'npm @scope/pkg latest'],
  ['npx -y -p @scope/pkg@2 some-bin --x', 'npm @scope/pkg 2'],
  ['npx --package=@scope/pkg -y some-bin', 'npm @scope/pkg'],
  ['npx --registry https://r.example pkg', 'npm pkg'],
  ['npx -y -- pkg --x', 'npm pkg'],
  ['npm exec -y -- @scope/pkg --x', 'npm @scope/pkg'],
  ['npm x pkg', 'npm pkg'],
  ['pnpm dlx @scope/pkg', 'npm @scope/pkg'],
  ['pnpx pkg', 'npm pkg'],
  ['bunx --bun pkg@1', 'npm pkg 1'],
  ['bun x pkg', 'npm pkg'],
  ['yarn dlx -q pkg', 'npm pkg'],
  ['env -u A B=c npx -y Pkg', 'npm pkg'],
  ['uvx mcp_Server.Fetch', 'pypi mcp-server-fetch'],
  ['uvx mcp-server-fetch@2025.1.1', 'pypi mcp-server-fetch 2025.1.1'],
  ['uvx --from mcp-server-x==1.0 other-name --flag', 'pypi mcp-server-x 1.0'],
  ['uvx --python 3.12 --with httpx awslabs.core-mcp-server@latest', 'pypi awslabs-core-mcp-server latest'],
  ['uv tool run --from=pkg[cli]>=2 prog', 'pypi pkg 2'],
  ['uv --directory /srv/x run mcp-server-x', 'pypi mcp-server-x'],
  ['uv run --with a python -m mcp_server_x --y', 'pypi mcp-server-x'],
  ['uv run -m mcp_server_x', 'pypi mcp-server-x'],
  ['pipx run --spec thing==2 prog', 'pypi thing 2'],
  ['python3.12 -u -m mcp_server_time --local-timezone=UTC', 'pypi mcp-server-time'],
  ['python -Im mcp_server_time', 'pypi mcp-server-time'],
  ['docker run -i --rm mcp/fetch', 'docker mcp/fetch'],
  [
    'docker run --rm -it -e TOKEN -eA=b --name n --mount type=bind,src=/a,dst=/b ghcr.io/o/i:v1 --x y',
    'docker ghcr.io/o/i v1',
  ],
  ['docker run -ie TOKEN docker.io/mcp/time@sha256:0123abcd', 'docker mcp/time'],
  ['docker --context remote container run --init mcp/git:1.0', 'docker mcp/git 1.0'],
  ['podman run -i --env-file=.env localhost:5000/a/b:2', 'docker localhost:5000/a/b 2'],
  ['node bin/notes', 'npm @acme/notes-mcp 2.1.0'],
  [
    'node --no-warnings --env-file .env lib/node_modules/@acme/notes-mcp/dist/index.js',
    'npm @acme/notes-mcp 2.1.0',
  ],
  ['notes --x', 'npm @acme/notes-mcp 2.1.0'],
  ['./bin/notes', 'npm @acme/notes-mcp 2.1.0'],
  ['github-mcp-server stdio', 'bin github-mcp-server'],
  ['/opt/GitHub-MCP-Server.exe stdio', 'bin github-mcp-server'],
])('%s is %s', (line, expected) => {
  const found = identify(words(line), at())
  expect([found?.kind, found?.name, found?.version].filter(Boolean).join(' ')).toBe(expected)
})

it.each([
  '',
  'sh -c npx',
  'bash -lc x',
  'cmd /c npx -y pkg',
  'npx',
  'npx -y',
  'npx -c pkg',
  'npx --unheard-of pkg',
  'npx -p a -p b prog',
  'npx -p pkg node script.js',
  'npx -y github:owner/repo',
  'npx -y ./local',
  'npx -y owner/repo',
  'npx -y https://example.com/x.tgz',
  'npx -y alias@npm:other',
  'npm run start',
  'npm exec pkg --flag',
  'uvx --from git+https://github.com/o/r prog',
  'uvx --unheard-of pkg',
  'uvx python script.py',
  'uv run server.py',
  'uv run ./server',
  'uv pip list',
  'python server.py',
  'python -c pass',
  'python -m mcp_server_here',
  'python -m package.module',
  'docker exec -i name prog',
  'docker compose run x',
  'docker run -i',
  'docker run -i $IMAGE',
  'node -e 1',
  'node --unheard-of dist/index.js',
  'node missing.js',
  'env -S npx',
])('%s is unknown', (line) => {
  expect(identify(words(line), at())).toBeUndefined()
})
