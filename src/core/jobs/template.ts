import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../config/package-root.ts'
import { MyceliumError } from '../errors.ts'

/** A file of templates/ with its fields filled in. */
export function filled(name: string, values: Readonly<Record<string, string>>): string {
  const template = readFileSync(join(packageRoot(), 'templates', name), 'utf8')
  return template.replace(/\{\{(\w+)\}\}/g, (_, field: string) => {
    const value = values[field]
    if (value === undefined) throw new MyceliumError('internal', `${name} has an unknown field ${field}`)
    return value
  })
}

/** A text that no file of this scheduler can hold. */
export function unusable(text: string, what: string): MyceliumError {
  return new MyceliumError('job_path_unusable', `${JSON.stringify(text)} cannot be named in ${what}`)
}
