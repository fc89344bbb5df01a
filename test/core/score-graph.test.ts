import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImportRef } from '../../src/core/score/analysis.ts'
import { importEdges } from '../../src/core/score/graph/edges.ts'
import { loadOxc } from '../../src/core/score/graph/oxc.ts'
import type { SourceFile } from '../../src/core/score/graph/source-file.ts'
import { verifies } from '../requirements.ts'

type Mention = string | (Partial<ImportRef> & { specifier: string })
/** Path -> what it mentions; the language by the first path's ending. */
type Tree = Readonly<
  Record<string, readonly Mention[] | { imports?: readonly Mention[]; exports: readonly string[] }>
>

function filesOf(language: string, tree: Tree): readonly SourceFile[] {
  return Object.entries(tree).map(([path, entry]) => {
    const { imports = [], exports } = 'exports' in entry ? entry : { imports: entry, exports: [] }
    const refs = imports.map((mention): ImportRef => {
      const given = typeof mention === 'string' ? { specifier: mention } : mention
      return { line: 1, kind: 'import', typeOnly: false, names: [], ...given }
    })
    return { path, language, imports: refs, exports }
  })
}

function edgesOf(
  language: string,
  tree: Tree,
  manifests: Readonly<Record<string, string>> = {},
): readonly string[] {
  const files = [
    ...filesOf(language, tree),
    ...filesOf('text', Object.fromEntries(Object.keys(manifests).map((p) => [p, []]))),
  ]
  return importEdges(files, { read: (path) => manifests[path] }).map(
    ({ from, to, weight }) => `${from} -> ${to}${weight === 1 ? '' : ` ${Math.round(weight * 100) / 100}`}`,
  )
}

describe('TypeScript and JavaScript', () => {
  it('resolve relative mentions to sources, with or without endings', () => {
    verifies('SCORE-2')
    const tree = {
      'a/x.ts': ['./y.js', './z', '../b', './gone', 'react'],
      'a/y.ts': [],
      'a/z.tsx': [],
      'b/index.ts': [],
    }
    expect(edgesOf('typescript', tree)).toEqual([
      'a/x.ts -> a/y.ts',
      'a/x.ts -> a/z.tsx',
      'a/x.ts -> b/index.ts',
    ])
  })

  it('weigh types half', () => {
    const edges = importEdges(
      filesOf('typescript', { 'x.ts': [{ specifier: './y.ts', typeOnly: true }], 'y.ts': [] }),
      { read: () => undefined },
    )
    expect(edges).toEqual([{ from: 'x.ts', to: 'y.ts', weight: 0.5, typeOnly: true }])
  })

  it('reach through barrels to the file that defines a name', () => {
    const tree: Tree = {
      'user.ts': [{ specifier: './index.ts', names: ['deep', 'named'] }],
      'index.ts': [
        { specifier: './all.ts', kind: 'reexport', names: ['*'] },
        { specifier: './named.ts', kind: 'reexport', names: ['named'] },
        { specifier: './index.ts', kind: 'reexport', names: ['*'] },
      ],
      'all.ts': [{ specifier: './deep.ts', kind: 'reexport', names: ['*'] }],
      'deep.ts': { exports: ['deep'] },
      'named.ts': { exports: ['named'] },
    }
    expect(edgesOf('typescript', tree).filter((edge) => edge.startsWith('user.ts'))).toEqual([
      'user.ts -> index.ts 0.2',
      'user.ts -> deep.ts',
      'user.ts -> named.ts',
    ])
  })

  it('find packages of the workspace in their sources before anything is built', () => {
    const manifests = {
      'packages/a/package.json': '{"name":"@w/a","exports":{".":{"import":"./dist/main.mjs"}}}',
      'packages/b/package.json': 'broken {',
    }
    const tree = {
      'packages/b/src/x.ts': ['@w/a', '@w/a/sub', '@w/b'],
      'packages/a/src/main.mts': [],
      'packages/a/src/sub.ts': [],
    }
    expect(edgesOf('typescript', tree, manifests)).toEqual([
      'packages/b/src/x.ts -> packages/a/src/main.mts',
      'packages/b/src/x.ts -> packages/a/src/sub.ts',
    ])
  })

  describe('with a tree on disk', () => {
    let root = ''
    const put = (path: string, text = ''): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    beforeAll(() => {
      root = mkdtempSync(join(tmpdir(), 'my-oxc-'))
      put('tsconfig.base.json', '{"compilerOptions":{"paths":{"@app/*":["./src/*"]}}}')
      put('tsconfig.json', '{"extends":"./tsconfig.base.json","references":[{"path":"./tools"}]}')
      put('tools/tsconfig.json', '{"compilerOptions":{"composite":true,"paths":{"@tool/*":["./lib/*"]}}}')
      put('package.json', '{"name":"root","imports":{"#in/*":"./src/*.ts"}}')
      put('packages/p/package.json', '{"name":"p","exports":{"./feature":"./src/feature.ts"}}')
      for (const path of [
        'src/a.ts',
        'src/b.ts',
        'src/c.ts',
        'tools/x.ts',
        'tools/lib/t.ts',
        'packages/p/src/feature.ts',
      ])
        put(path)
      mkdirSync(join(root, 'node_modules'))
      symlinkSync('../packages/p', join(root, 'node_modules/p'))
    })
    afterAll(() => rmSync(root, { recursive: true }))

    it('follow aliases, extends, references, #imports and exports', async () => {
      const files = filesOf('typescript', {
        'src/a.ts': ['@app/b.js', '#in/c', 'p/feature', 'p/hidden'],
        'src/b.ts': [],
        'src/c.ts': [],
        'tools/x.ts': ['@tool/t'],
        'tools/lib/t.ts': [],
        'packages/p/src/feature.ts': [],
      })
      const oxc = await loadOxc(root)
      const edges = importEdges(files, { read: () => undefined, oxc })
      expect(edges.map(({ from, to }) => `${from} -> ${to}`)).toEqual([
        'src/a.ts -> src/b.ts',
        'src/a.ts -> src/c.ts',
        'src/a.ts -> packages/p/src/feature.ts',
        'tools/x.ts -> tools/lib/t.ts',
      ])
    })
  })
})

describe('Python', () => {
  it('resolves packages, dots, src layouts and namespace packages', () => {
    const tree: Tree = {
      'src/app/main.py': [
        'app.core',
        { specifier: 'app', names: ['util'] },
        { specifier: '.', names: ['peer'] },
        { specifier: '..ns.mod', names: ['x'] },
        { specifier: 'ns', names: ['mod'] },
        'os.path',
      ],
      'src/app/__init__.py': [],
      'src/app/core.py': [],
      'src/app/util.py': [],
      'src/app/peer/__init__.py': [],
      'src/ns/mod.py': [],
      'tests/test_main.py': ['app.main'],
    }
    expect(edgesOf('python', tree)).toEqual([
      'src/app/main.py -> src/app/core.py',
      'src/app/main.py -> src/app/util.py',
      'src/app/main.py -> src/app/peer/__init__.py',
      'src/app/main.py -> src/ns/mod.py',
      'tests/test_main.py -> src/app/main.py',
    ])
  })

  it('takes what __init__ imports as offered by the package', () => {
    const tree: Tree = {
      'use.py': [{ specifier: 'pkg', names: ['Thing'] }],
      'pkg/__init__.py': [{ specifier: '.thing', names: ['Thing'] }],
      'pkg/thing.py': { exports: ['Thing'] },
    }
    expect(edgesOf('python', tree)).toEqual([
      'use.py -> pkg/__init__.py 0.2',
      'use.py -> pkg/thing.py',
      'pkg/__init__.py -> pkg/thing.py',
    ])
  })
})

it('Go shares an import among the files of the package, tests aside', () => {
  const tree = {
    'cmd/main.go': ['example.com/m/pkg', 'fmt', 'example.com/m'],
    'pkg/a.go': [],
    'pkg/b.go': [],
    'pkg/b_test.go': [],
    'm.go': [],
  }
  expect(edgesOf('go', tree, { 'go.mod': 'module example.com/m\n\ngo 1.22\n' })).toEqual([
    'cmd/main.go -> pkg/a.go 0.5',
    'cmd/main.go -> pkg/b.go 0.5',
    'cmd/main.go -> m.go',
  ])
})

it('Rust follows mod, crate, self, super and the crates of the workspace', () => {
  const module = (specifier: string): Mention => ({ specifier, kind: 'module' })
  const tree = {
    'crates/one/src/lib.rs': [module('net'), module('util')],
    'crates/one/src/util.rs': [],
    'crates/one/src/net/mod.rs': [module('http'), 'super::util::join'],
    'crates/one/src/net/http.rs': ['crate::util::join', 'super::Client', 'std::io', 'self::http'],
    'crates/two/src/main.rs': ['one_lib::net::http::Get', 'serde::Serialize'],
  }
  const manifests = {
    'crates/one/Cargo.toml': '[package]\nname = "one-lib"\n\n[dependencies]\nname = "no"\n',
    'crates/two/Cargo.toml': '[package]\nversion = "1"\nname = "two"\n',
    'Cargo.toml': '[workspace]\nmembers = ["crates/*"]\n',
  }
  expect(edgesOf('rust', tree, manifests)).toEqual([
    'crates/one/src/lib.rs -> crates/one/src/net/mod.rs',
    'crates/one/src/lib.rs -> crates/one/src/util.rs',
    'crates/one/src/net/mod.rs -> crates/one/src/net/http.rs',
    'crates/one/src/net/mod.rs -> crates/one/src/util.rs',
    'crates/one/src/net/http.rs -> crates/one/src/util.rs',
    'crates/one/src/net/http.rs -> crates/one/src/net/mod.rs',
    'crates/two/src/main.rs -> crates/one/src/net/http.rs',
  ])
})

it('Java and Kotlin resolve classes, inner ones, wildcards and top-level functions', () => {
  const tree = {
    'app/src/main/java/com/acme/A.java': [
      'com.acme.util.B',
      'com.acme.util.B.Inner',
      'java.util.List',
      'com.acme.more.*',
    ],
    'app/src/main/java/com/acme/util/B.java': [],
    'app/src/main/java/com/acme/more/C.java': [],
    'app/src/main/java/com/acme/more/D.kt': [],
    'app/src/main/kotlin/com/acme/K.kt': ['com.acme.more.doIt'],
  }
  const jvm = edgesOf('java', tree)
  expect(jvm).toEqual([
    'app/src/main/java/com/acme/A.java -> app/src/main/java/com/acme/util/B.java',
    'app/src/main/java/com/acme/A.java -> app/src/main/java/com/acme/more/C.java 0.5',
    'app/src/main/java/com/acme/A.java -> app/src/main/java/com/acme/more/D.kt 0.5',
    'app/src/main/kotlin/com/acme/K.kt -> app/src/main/java/com/acme/more/C.java 0.5',
    'app/src/main/kotlin/com/acme/K.kt -> app/src/main/java/com/acme/more/D.kt 0.5',
  ])
})

it('C includes what is beside, else what the path ends in, the nearest of several', () => {
  const tree = {
    'src/a.c': ['"a.h"', '"lib/x.h"', '<string.h>', '<lib/y.h>', '"../inc/z.h"'],
    'src/a.h': [],
    'include/lib/x.h': [],
    'include/lib/y.h': [],
    'inc/z.h': [],
    'other/a.h': [],
    'string.h': [],
  }
  expect(edgesOf('c', tree)).toEqual([
    'src/a.c -> src/a.h',
    'src/a.c -> include/lib/x.h',
    'src/a.c -> include/lib/y.h',
    'src/a.c -> inc/z.h',
  ])
})

it.each([
  [
    'ruby',
    { 'lib/a.rb': ['./b', 'c/d', 'json'], 'lib/b.rb': [], 'lib/c/d.rb': [] },
    ['lib/a.rb -> lib/b.rb', 'lib/a.rb -> lib/c/d.rb'],
  ],
  [
    'php',
    { 'src/Http/K.php': ['App\\Models\\User', 'x.php'], 'src/Models/User.php': [], 'src/Http/x.php': [] },
    ['src/Http/K.php -> src/Models/User.php', 'src/Http/K.php -> src/Http/x.php'],
  ],
  [
    'csharp',
    { 'A/P.cs': ['Acme.Core', 'System'], 'src/Acme.Core/T.cs': [] },
    ['A/P.cs -> src/Acme.Core/T.cs'],
  ],
  ['swift', { 'S/a.swift': ['b'], 'S/b.swift': [] }, ['S/a.swift -> S/b.swift']],
] as const)('%s is resolved by names and paths', (language, tree, edges) => {
  expect(edgesOf(language, tree)).toEqual(edges)
})

it.each(['typescript', 'python', 'go', 'rust', 'java', 'c', 'ruby', 'php', 'csharp', 'swift'])(
  '%s: mentions that make no sense cost nothing but themselves',
  (language) => {
    const odd = [
      '',
      '.',
      '..',
      '../../../..',
      '/',
      '::',
      'a'.repeat(9000),
      '\0',
      '*',
      '.*',
      '__proto__',
      '"',
      '<',
      '\\',
    ]
    const tree: Tree = {
      'd/x': odd,
      'd/y': [{ specifier: './x', kind: 'reexport', names: ['constructor', '__proto__'] }],
    }
    expect(() =>
      edgesOf(language, tree, { 'go.mod': 'x', 'Cargo.toml': '[', 'package.json': 'null' }),
    ).not.toThrow()
  },
)
