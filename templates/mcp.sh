#!/bin/sh
# mycelium's own MCP server for the agent that starts this. Made by `mycelium init --mcp`, removed by `mycelium undo`.
#
#   mcp --client=ID
#
# Every path is embedded, because some agents clear the environment; nothing is added to it, because servers that are
# reached through here get what the agent gave.
# The embedded node goes away when a version manager upgrades.
for mycelium_node in {{node}} node /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node; do
  command -v "$mycelium_node" >/dev/null 2>&1 || continue
  exec "$mycelium_node" {{script}} mcp --home={{root}} "$@"
done
echo 'mycelium: no node is found (next: install Node 20.19 or newer)' >&2
exit 127
