#!/bin/sh
# What the lines of `mycelium jobs` in the crontab call: a job by name, or all that are due. Made by `mycelium jobs install`, removed by
# `mycelium jobs remove`.
#
# cron gives neither the user's PATH nor room for it in a line, so both are in here.
cd / || exit 1
{{environment}}
exec {{node}} {{script}} jobs run --due "$@"
