import { readConfig } from '../config/config-text.ts'
import { type MapValue, type Value, valueAt } from './document.ts'
import { placesOfHooks } from './hook-edit.ts'
import type { HookHost } from './hook-hosts.ts'
import { realPath } from './places.ts'
import { readDocument } from './syntaxes.ts'

/** What keeps the hooks in a client's settings from running, whatever they are. */
export interface HookHindrance {
  readonly kind: 'off' | 'untrusted'
  readonly message: string
  readonly fix: string
  /** The events that it holds for; all of them when undefined. */
  readonly events?: readonly string[]
}

/** Looked for in the client's own files; undefined where hooks of ours run as far as one can see from there. Throws config_invalid. */
export function hookHindrance(host: HookHost, text: string, quiet: string): HookHindrance | undefined {
  const root = text.trim() === '' ? undefined : readDocument(text, 'json', host.file)
  if (root === undefined) return undefined
  if (host.id === 'codex') return codexHindrance(host, text, quiet)
  const off = (key: string): HookHindrance => ({
    kind: 'off',
    message: `"${key}" in ${host.file} switches hooks off`,
    fix: `edit ${host.file}`,
  })
  if (host.id === 'gemini-cli') {
    const config = valueAt(root, 'hooksConfig')
    if (isValue(at(config, 'enabled'), false)) return off('hooksConfig.enabled')
    const disabled = at(config, 'disabled')
    const names = disabled?.kind === 'list' ? disabled.items : []
    // By name or by command, as the user chose in its list of hooks.
    const isOurs = (one: Value) => one.kind === 'text' && (one.text === host.name || one.text.includes(quiet))
    return names.some(isOurs) ? off('hooksConfig.disabled') : undefined
  }
  const disabled = valueAt(root, 'disableAllHooks')
  if (!isValue(disabled, true)) return undefined
  return { kind: 'off', message: `"disableAllHooks" is set in ${host.file}`, fix: `edit ${host.file}` }
}

/**
 * Codex keeps what its user has reviewed in config.toml, by file, event and place: `[hooks.state."FILE:pre_tool_use:0:0"]`, with a hash of the hook. Whether it is
 * the hash of this hook is not looked into: a hook that changed since does not run either.
 */
function codexHindrance(host: HookHost, text: string, quiet: string): HookHindrance | undefined {
  const file = host.config!
  const config = readDocument(readConfig(file)?.text ?? '', 'toml', file)
  const features = valueAt(config, 'features')
  const key = ['hooks', 'codex_hooks'].find((name) => isValue(at(features, name), false))
  if (key !== undefined)
    return { kind: 'off', message: `"features.${key}" in ${file} switches hooks off`, fix: `edit ${file}` }
  const state = at(valueAt(config, 'hooks'), 'state')
  const files = [host.file, realPath(host.file) ?? host.file]
  const unreviewed = placesOfHooks(text, quiet, host.file).filter(({ event, group, handler }) => {
    const place = `${event.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase()}:${group}:${handler}`
    const known = files.map((one) => at(state, `${one}:${place}`))
    return !known.some((one) => at(one, 'trusted_hash') !== undefined && !isValue(at(one, 'enabled'), false))
  })
  if (unreviewed.length === 0) return undefined
  const events = [...new Set(unreviewed.map(({ event }) => event))]
  return {
    kind: 'untrusted',
    events,
    message: `Codex runs no hook that its user has not reviewed, and you have not yet: ${events.join(', ')}`,
    fix: 'start codex, enter /hooks and trust those of mycelium',
  }
}

function at(value: Value | undefined, key: string): Value | undefined {
  return value?.kind === 'map' ? valueAt(value as MapValue, key) : undefined
}

function isValue(value: Value | undefined, wanted: boolean): boolean {
  return value?.kind === 'other' && value.value === wanted
}
