#!/bin/sh
# mycelium for hooks and status lines of clients. Made by `mycelium init --hooks`, removed by `mycelium undo`.
#
#   quiet hook CLIENT [EVENT]
#   quiet statusline
#
# Whatever is missing or broken, it ends with 0 and says nothing on stderr: an agent must not fail by its hooks.
# Every path is embedded, because some agents clear the environment.

MYCELIUM_HOME={{root}}
export MYCELIUM_HOME
# What others preload into Node costs more than all of this (NODE_EXTRA_CA_CERTS 45 ms on Node 20).
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
cd / 2>/dev/null

case ${1-} in
  hook) mycelium_script={{dist}}/hook.cjs ;;
  statusline) mycelium_script={{dist}}/statusline.cjs ;;
  *) exit 0 ;;
esac
[ -r "$mycelium_script" ] || exit 0

# The embedded node goes away when a version manager upgrades.
for mycelium_node in {{node}} node /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node; do
  command -v "$mycelium_node" >/dev/null 2>&1 || continue
  "$mycelium_node" "$mycelium_script" "$@" 2>/dev/null
  exit 0
done
exit 0
