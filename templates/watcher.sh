# Ends every process of one daemon's upstream servers when that daemon dies, by whatever signal.
#
# $1: the daemon's boot id, first part of the marker in its upstreams' environment.  $2: proc or ps, where facts come from.
# stdin, whose other end only the daemon holds: "+ PID START" and "- PID" keep the list of known processes, "@ PID DIR" names
# the control group made for one, "bye" ends the watch.  End of file without "bye": the daemon is dead.  Watching costs nothing: the shell sleeps in read.
#
# Pairs with src/core/daemon/watcher.ts, src/core/pool/tree.ts (who belongs to a tree), src/core/process*.ts (START).
# Sets are variables named by pid (start_123=...): in dash the removal of a word from a long string is quadratic.
set -f
trap '' HUP INT QUIT TERM USR1 USR2 PIPE ALRM
LC_ALL=C TZ=UTC IFS=' '
export LC_ALL TZ
boot=$1 source=$2 newline='
'

# Prints "PID PARENT SESSION START STATE" of every process but the kernel's own, one after the other.
print_table() {
  case $source in
    proc)
      lines=$(set +f; cat /proc/[0-9]*/stat 2>/dev/null)
      carry= chunk=
      IFS=$newline
      for line in $lines; do
        IFS=' '
        # A command's name may hold blanks, brackets and line ends: fields count from its last ")".
        line=$carry$line
        fields=${line#*) }
        case $fields in
          ?' '[02]' 0 0 '*) continue ;;
          *')'*) fields=${fields##*) } ;;
        esac
        set -- $fields
        if [ $# -lt 20 ]; then carry="$line "; continue; fi
        carry= chunk="$chunk${line%% *} $2 $4 ${20} $1 "
        [ ${#chunk} -lt 2000 ] || { printf %s "$chunk"; chunk=; }
      done
      printf %s "$chunk" ;;
    ps)
      lines=$(ps -ax -o pid=,ppid=,pgid=,state=,lstart=)
      IFS=$newline
      for line in $lines; do
        IFS=' '
        set -- $line
        printf '%s ' "$1" "$2" "$3" "$5_$6_$7_$8_$9" "$4"
      done ;;
  esac
}

# Prints the pids whose environment carries the marker.
print_marked() {
  IFS=" $newline"
  case $source in
    proc)
      for file in $(set +f; grep -lsF "MYCELIUM_UPSTREAM=$boot:" /proc/[0-9]*/environ); do
        file=${file#/proc/}
        printf '%s ' "${file%/environ}"
      done ;;
    ps)
      { ps -axEww -o pid=,command= || ps axeww -o pid=,command=; } 2>/dev/null | while read -r pid command; do
        case $command in *" MYCELIUM_UPSTREAM=$boot:"*) printf '%s ' "$pid" ;; esac
      done ;;
  esac
}

# Sets pids: the living members of the trees, known from then on ("marked": looks for new ones by marker too); groups: "-PID" of every group that one of them leads or led.
# A session, and with it a group, keeps its leader's pid from being given to anybody else.
find_members() {
  round=$((round + 1)) pids= groups=
  # Not us, not init, not the kernel's session 0.
  eval "ours_$$=never ours_1=never ours_0=never"
  if [ "$1" = marked ]; then
    for pid in $(print_marked); do join "$pid"; done
  fi
  table=$(print_table)
  # An empty table is a failure of ours (no memory for a process, say), not an empty machine.
  while [ -z "$table" ] && [ $failures -lt 100 ]; do failures=$((failures + 1)); nap 0.1; table=$(print_table); done
  set -- $table
  while [ $# -ge 5 ]; do
    eval "start=\$start_$1"
    if [ -n "$start" ]; then
      eval "met_$1=$round"
      [ "$start" != "$4" ] || join "$1"
    fi
    shift 5
  done
  # A pid that nobody has now still names the session it led; one that somebody else has now means nothing.
  for pid in $known; do
    eval "start=\$start_$pid met=\$met_$pid"
    if [ -n "$start" ] && [ "$met" != $round ]; then join "$pid"; fi
  done
  grown=yes
  while [ -n "$grown" ]; do
    grown=
    set -- $table
    while [ $# -ge 5 ]; do
      eval "own=\$ours_$1 parent=\$ours_$2 session=\$ours_$3"
      if [ "$own" != $round ] && { [ "$parent" = $round ] || [ "$session" = $round ]; }; then
        join "$1"
        [ -n "$joined" ] && grown=yes
      fi
      shift 5
    done
  done
  set -- $table
  while [ $# -ge 5 ]; do
    eval "own=\$ours_$1 start=\$start_$1"
    if [ "$own" = $round ]; then
      case $5 in
        [ZX]*) ;;
        *)
          pids="$pids $1"
          if [ "$start" != "$4" ]; then
            known="$known $1"
            eval "start_$1=\$4"
          fi ;;
      esac
    fi
    shift 5
  done
  for pid in $known; do
    eval "own=\$ours_$pid"
    [ "$own" != $round ] || groups="$groups -$pid"
  done
}

# Adds a pid to this round's members, unless it is one that never may be.
join() {
  joined=
  eval "[ \"\$ours_$1\" = never ] || ours_$1=$round joined=yes"
}

# To every member, and first to whole groups, which the kernel does in one step: nobody is born in between.
signal_all() {
  [ -z "$groups" ] || kill -s "$1" -- $groups 2>/dev/null
  [ -z "$pids" ] || kill -s "$1" $pids 2>/dev/null
}

# True while the system knows one of the pids; a zombie's too.
any_left() {
  for pid in $pids; do kill -s 0 "$pid" 2>/dev/null && return; done
  return 1
}

nap() {
  sleep "$1" 2>/dev/null || sleep 1
}

watch() {
  known= grouped= added=0 limit=256
  while read -r verb pid start; do
    case $verb$pid in
      bye) exit 0 ;;
      [+@-]*[!0-9]* | [+@-] | [+@-][01]) ;;
      @*) eval "group_$pid=\$start grouped=\"\$grouped \$pid\"" ;;
      +*)
        eval "start_$pid=\$start"
        known="$known $pid" added=$((added + 1))
        [ $added -lt $limit ] || forget_the_gone ;;
      -*) unset "start_$pid" "group_$pid" ;;
    esac
  done
}

forget_the_gone() {
  old=$known known= added=0
  for pid in $old; do
    eval "start=\$start_$pid"
    [ -z "$start" ] || known="$known $pid" added=$((added + 1))
  done
  limit=$((added * 2 + 256))
  old=$grouped grouped=
  for pid in $old; do
    eval "dir=\$group_$pid"
    [ -z "$dir" ] || grouped="$grouped $pid"
  done
}

end_all() {
  round=0 failures=0
  find_members marked
  # One each, to the processes alone: some programs take a second one for "at once".
  [ -z "$pids" ] || kill -s TERM $pids 2>/dev/null
  for step in 1 2 3 4; do
    any_left || break
    nap 0.1
  done
  # What forks and exits all the time can slip through one reading of the table: two must find nobody.
  empty=0 strikes=0
  while [ $empty -lt 2 ] && [ $strikes -lt 30 ]; do
    strikes=$((strikes + 1)) stopped=
    # Stop every member before killing any, so that no member can start another meanwhile.
    [ -z "$groups" ] || kill -s STOP -- $groups 2>/dev/null
    find_members marked
    for step in 1 2 3 4 5 6 7 8 9; do
      [ "$pids" != "$stopped" ] || break
      signal_all STOP
      stopped=$pids
      find_members
    done
    signal_all KILL
    if [ -n "$pids" ]; then empty=0; nap 0.05; else empty=$((empty + 1)); fi
  done
}

# The control groups of those who have ended; the kernel needs a moment to find them empty.
remove_groups() {
  for step in 1 2 3 4 5; do
    left=
    for pid in $grouped; do
      eval "dir=\$group_$pid"
      [ ! -d "$dir" ] || rmdir "$dir" 2>/dev/null || left=yes
    done
    [ -n "$left" ] || return
    nap 0.1
  done
}

watch
end_all
remove_groups
exit 0
