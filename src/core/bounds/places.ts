/** Where a process is among the memory control groups: directories of the file system, absent where there are none. */
export interface Places {
  /** cgroup v1, as hybrid and old systems have it. */
  readonly legacy?: string
  /** cgroup v2. */
  readonly unified?: string
}

/** Its own groups, from the texts of /proc/self/cgroup and /proc/self/mountinfo. Pure. */
export function placesIn(cgroup: string, mountinfo: string): Places {
  const paths = cgroup.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    return controllers === undefined ? [] : [{ controllers: controllers.split(','), path: path! }]
  })
  const mounts = mountinfo.split('\n').flatMap(mountIn)
  const found = (kind: 'cgroup' | 'cgroup2', controller: string) => {
    const path = paths.find(({ controllers }) => controllers.includes(controller))?.path
    const mount = mounts.find(
      ({ type, options }) => type === kind && (kind === 'cgroup2' || options.includes('memory')),
    )
    return path === undefined || mount === undefined ? undefined : below(mount, path)
  }
  const legacy = found('cgroup', 'memory')
  const unified = found('cgroup2', '')
  return { ...(legacy !== undefined && { legacy }), ...(unified !== undefined && { unified }) }
}

interface Mount {
  readonly root: string
  readonly at: string
  readonly type: string
  readonly options: readonly string[]
}

function mountIn(line: string): readonly Mount[] {
  const [before, after] = line.split(' - ', 2)
  if (after === undefined) return []
  const [, , , root = '', at = ''] = before!.split(' ')
  const [type = '', , options = ''] = after.split(' ')
  return [{ root: unescaped(root), at: unescaped(at), type, options: options.split(',') }]
}

/** The directory of a group under a mount that may show a part of the tree only; undefined for a group that it does not show. */
function below({ root, at }: Mount, path: string): string | undefined {
  if (path === '/..' || path.startsWith('/../')) return undefined
  if (root === '/') return path === '/' ? at : at + path
  if (path === root) return at
  return path.startsWith(`${root}/`) ? at + path.slice(root.length) : undefined
}

/** Blanks and the like are octal there. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
