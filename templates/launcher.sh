#!/bin/sh
# mycelium launcher of the MCP server {{name}}. Made by `mycelium init`, removed by `mycelium undo`.
#
#   launcher --client=ID -- COMMAND ARGS…    (without --, the command embedded below)
#
# It connects the agent's stdio to the mycelium daemon and becomes the lightest relay this machine has: the one
# that init compiled, perl (embedded below), OpenBSD's nc, node. When the daemon cannot be had it becomes COMMAND
# itself.
# Nothing here writes to stdout or reads stdin before the daemon has agreed. Every path is embedded,
# because some agents clear the environment. Variables carry a prefix, because assigning to a name that
# the agent exported would change what the server gets.
# Dialect: POSIX sh, plus test -O and -nt.
# shellcheck disable=SC3013,SC3067

mycelium_id={{id}}
mycelium_root={{root}}
mycelium_run={{run}}
mycelium_log={{log}}
mycelium_socket={{socket}}
mycelium_daemon={{daemon}}
mycelium_script={{relay}}
mycelium_c={{relayBinary}}
mycelium_start_s={{startSeconds}}
mycelium_ack_s={{ackSeconds}}

mycelium_relay=${MYCELIUM_RELAY-}
unset MYCELIUM_RELAY

mycelium_client=unknown
case ${1-} in
  --client=*) mycelium_client=${1#--client=} && shift ;;
esac
[ "${1-}" != -- ] || shift
if [ $# -eq 0 ]; then
  {{default}}
fi

# The embedded node goes away when a version manager upgrades.
mycelium_node=
for mycelium_try in {{node}} node /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node; do
  case $mycelium_try in
    */*) [ -x "$mycelium_try" ] || continue ;;
    *) command -v "$mycelium_try" >/dev/null || continue ;;
  esac
  mycelium_node=$mycelium_try
  break
done

mycelium_may_use() {
  [ "${mycelium_relay:-$1}" = "$1" ]
}

# --- c ------------------------------------------------------------------------------------------------------

# After exec there is no way back, so a relay that cannot run must be found out before: a home may be shared with
# another machine, or with a container of another libc. Trying it costs 1 ms: the answer is kept while the daemon
# lives, for this host and this very file, and asked anew whenever there is no socket. In a directory of our own and
# without PATH, because some shells run what the system refuses as a script, and a program's bytes may hold a `>`.
mycelium_c_works() {
  [ -x "$mycelium_c" ] || return 1
  read -r mycelium_try </proc/sys/kernel/hostname || mycelium_try=
  mycelium_try=$mycelium_run/c-works-$mycelium_try
  [ -S "$mycelium_socket" ] && [ "$mycelium_try" -nt "$mycelium_c" ] && return 0
  (cd "$mycelium_root" && PATH='' exec "$mycelium_c" --check) </dev/null >/dev/null 2>&1
  if [ $? != 42 ]; then
    rm -f "$mycelium_try"
    return 1
  fi
  # Not `:`, a special builtin whose failed redirection would end the shell.
  if [ -O "$mycelium_run" ]; then true >"$mycelium_try"; fi
  return 0
} 2>/dev/null

if mycelium_may_use c && mycelium_c_works; then
  exec "$mycelium_c" "$mycelium_id" "$mycelium_client" "$PWD" "$mycelium_root" "$mycelium_run" "$mycelium_log" \
    "$mycelium_socket" "$mycelium_node" "$mycelium_daemon" "$mycelium_start_s" "$mycelium_ack_s" "$@"
fi

# --- perl ---------------------------------------------------------------------------------------------------

# Keeps a variable from the relay's interpreter; both relays put it back for hello and server.
mycelium_hide() {
  eval "[ -z \"\${$1+x}\" ] || { MYCELIUM_KEEP_$1=\$$1 && export MYCELIUM_KEEP_$1 && unset $1; }"
}

# Found out before exec as above; trying it costs 3 ms.
mycelium_perl_works() {
  if [ -x /usr/bin/perl ]; then mycelium_perl=/usr/bin/perl; else mycelium_perl=perl; fi
  command -v "$mycelium_perl" >/dev/null || return 1
  [ -S "$mycelium_socket" ] && [ -e "$mycelium_run/perl-works" ] && return 0
  PERL5OPT='' LC_ALL=C "$mycelium_perl" -e 'exit 42' </dev/null >/dev/null 2>&1
  if [ $? != 42 ]; then
    rm -f "$mycelium_run/perl-works"
    return 1
  fi
  if [ -O "$mycelium_run" ]; then true >"$mycelium_run/perl-works"; fi
  return 0
} 2>/dev/null

if mycelium_may_use perl && mycelium_perl_works; then
  mycelium_hide PERL5OPT
  mycelium_hide LC_ALL
  export LC_ALL=C # no other locale to load (0.4 MB), nor to warn about when it is not installed
  exec "$mycelium_perl" -C0 -x "$0" "$mycelium_id" "$mycelium_client" "$PWD" "$mycelium_root" "$mycelium_run" \
    "$mycelium_log" "$mycelium_socket" "$mycelium_node" "$mycelium_daemon" "$mycelium_start_s" "$mycelium_ack_s" "$@"
fi

# --- the original server ------------------------------------------------------------------------------------

mycelium_direct() {
  printf 'mycelium: %s; running %s directly\n' "$mycelium_why" "$mycelium_id" >&2
  if ! command -v "$1" >/dev/null; then
    printf 'mycelium: cannot run %s: not found\n' "$1" >&2
    exit 127
  fi
  exec "$@"
}
mycelium_why='no relay works here (compiled, perl, nc of OpenBSD, node)'
[ -z "$mycelium_relay" ] || mycelium_why="MYCELIUM_RELAY=$mycelium_relay does not work here"
[ "$mycelium_relay" != direct ] || mycelium_why='MYCELIUM_RELAY=direct'

# --- nc -----------------------------------------------------------------------------------------------------

# Only OpenBSD's nc has unix sockets and half-closes as a relay must: with -N where its usage lists that flag,
# by itself on macOS, whose -N means something else. busybox, traditional, GNU and ncat print another usage.
mycelium_nc_works() {
  command -v nc >/dev/null && command -v od >/dev/null && command -v tr >/dev/null || return 1
  mycelium_try=$(nc -h 2>&1 </dev/null)
  mycelium_try=${mycelium_try#*"usage: nc [-46"}
  case ${mycelium_try%%]*} in
    *[!A-Za-z]*) return 1 ;;
    *N*U*) mycelium_nc=-NU ;;
    *U*) [ "$(uname)" = Darwin ] && mycelium_nc=-U ;;
    *) return 1 ;;
  esac
}

mycelium_hello() {
  printf '%s\0' "server=$mycelium_id" "client=$mycelium_client" "cwd=$PWD" relay=nc "pid=$$"
  for mycelium_try; do printf 'arg=%s\0' "$mycelium_try"; done
  printf '\0'
  env -0 2>/dev/null || awk 'BEGIN { for (name in ENVIRON) printf "%s=%s%c", name, ENVIRON[name], 0 }'
}

# nc can put nothing before the agent's stream, so a short connection says hello and is told a socket of our own.
mycelium_ticket() {
  mycelium_reply=$(printf 'mycelium-ticket 1 %s\n' "${mycelium_hex%00}" |
    nc "$mycelium_nc" -w "$mycelium_ack_s" "$mycelium_socket" 2>/dev/null)
}

# Double fork: agents kill their process group, or walk their descendants. False where nothing here can detach.
mycelium_start() {
  command -v setsid >/dev/null || return 1
  mycelium_pid=$(
    umask 077
    mkdir -p "$mycelium_root" "$mycelium_run" "$mycelium_log" && cd / || exit
    # What changes how node starts, and what tells a server's children: an agent may itself run inside a server.
    mycelium_try=$(awk 'BEGIN { for (name in ENVIRON) if (name ~ \
      /^((NODE|LD|DYLD|UV|OPENSSL|SSL|GLIBC|MALLOC)_[A-Za-z0-9_]*|MYCELIUM_UPSTREAM)$/) print name }')
    for mycelium_try in $mycelium_try; do unset "$mycelium_try"; done
    exec 3>&1 </dev/null >>"$mycelium_log/daemon.log" 2>&1 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    setsid "$mycelium_node" "$mycelium_daemon" run "$mycelium_root" 3>&- &
    echo $! >&3
  )
}

# Younger than 10 s, and not of the future, from before the clock was put back: whoever tries again at once only wastes the agent's time.
mycelium_failed_lately() {
  mycelium_when=$(stat -c %Y "$mycelium_run/start-failed" || stat -f %m "$mycelium_run/start-failed") &&
    mycelium_when=$(($(date +%s) - mycelium_when)) && [ "$mycelium_when" -ge 0 ] && [ "$mycelium_when" -lt 10 ]
} 2>/dev/null

# In /tmp somebody else could lie in wait for our environment. Where others could only look they no longer can.
mycelium_refuse_foreign_run() {
  case $([ ! -O "$mycelium_run" ] || ls -ld "$mycelium_run") in
    drwx------*) return ;;
    drwx?-??-*) chmod 700 "$mycelium_run" 2>/dev/null && return ;;
    '') [ -e "$mycelium_run" ] || return 0 ;;
  esac
  mycelium_why="$mycelium_run is not a directory of this user alone (next: mycelium daemon start)"
  mycelium_direct "$@"
}

# Returns only where sh cannot detach a daemon: node can.
mycelium_nc_relay() {
  mycelium_refuse_foreign_run "$@"
  mycelium_hex=$(mycelium_hello "$@" | od -An -v -tx1 | tr -d ' \n')
  if ! mycelium_ticket; then
    if [ -z "$mycelium_node" ] || [ ! -r "$mycelium_daemon" ]; then
      mycelium_why='the daemon is not running and cannot be started (node or the package is gone)'
      mycelium_direct "$@"
    fi
    mycelium_why="the daemon could not be started (see $mycelium_log/daemon.log)"
    mycelium_failed_lately && mycelium_direct "$@"
    mycelium_start || return
    mycelium_refuse_foreign_run "$@"
    mycelium_until=$(($(date +%s) + mycelium_start_s))
    mycelium_dead=0
    until [ -S "$mycelium_socket" ] && mycelium_ticket; do
      if mycelium_failed_lately || [ "$(date +%s)" -ge "$mycelium_until" ]; then mycelium_direct "$@"; fi
      sleep 0.05 2>/dev/null || sleep 1
      # Ours also ends when somebody else's is still coming up, so its death alone proves nothing.
      kill -0 "$mycelium_pid" 2>/dev/null || mycelium_dead=$((mycelium_dead + 1))
      [ $mycelium_dead -lt 40 ] || echo 'the daemon ended before it listened' >"$mycelium_run/start-failed"
    done
    rm -f "$mycelium_run/start-failed"
  fi
  case $mycelium_reply in
    'ok /'*) exec nc "$mycelium_nc" "${mycelium_reply#ok }" ;;
    'no '*) mycelium_why="the daemon refused the session: ${mycelium_reply#no }" ;;
    *) mycelium_why='the daemon did not answer' ;;
  esac
  mycelium_direct "$@"
}

if mycelium_may_use nc && mycelium_nc_works; then
  mycelium_nc_relay "$@"
fi

# --- node ---------------------------------------------------------------------------------------------------

# NODE_EXTRA_CA_CERTS alone costs 45 ms at every start of node 20.
if mycelium_may_use node && [ -n "$mycelium_node" ] && [ -r "$mycelium_script" ]; then
  mycelium_hide NODE_OPTIONS
  mycelium_hide NODE_EXTRA_CA_CERTS
  exec "$mycelium_node" "$mycelium_script" "$mycelium_id" "$mycelium_client" "$PWD" "$mycelium_root" "$mycelium_run" \
    "$mycelium_log" "$mycelium_socket" "$mycelium_node" "$mycelium_daemon" "$mycelium_start_s" "$mycelium_ack_s" "$@"
fi

mycelium_direct "$@"

# --- the relay in perl: `perl -x` starts at the next #! line; no shell gets this far -------------------------

: <<'# the end'
#!perl
# The relay: one process that never blocks in either direction, because an agent that writes before it reads would
# otherwise deadlock with a daemon that does the same. No modules, no strict: each would double the start-up time.
# What the splice leaves in @ARGV is the original command. A change here usually belongs in relay.c and relay.mjs too.
($id, $client, $cwd, $root, $run, $log, $socket, $node, $daemon, $start_s, $ack_s) = splice @ARGV, 0, 11;
delete $ENV{LC_ALL};
for (grep /^MYCELIUM_KEEP_/, keys %ENV) { $ENV{substr $_, 14} = delete $ENV{$_} }

# Socket layout and numbers of Linux, or of macOS and the BSDs.
if ($^O eq 'linux') { $address = pack 'S a108', 1, $socket; ($nonblock, $eagain, $refused) = (2048, 11, 111) }
else { $address = pack 'C C a104', 106, 1, $socket; ($nonblock, $eagain, $refused) = (4, 35, 61) }
($enoent, $eintr) = (2, 4);

$most = 1 << 20;    # bytes that may wait in one direction before its source is no longer read
($up, $down) = ('', '');    # what waits for the daemon, and for the agent

sub direct {
  $SIG{PIPE} = 'DEFAULT';
  syswrite STDERR, "mycelium: $_[0]; running $id directly\n";
  exec { $ARGV[0] } @ARGV;
  syswrite STDERR, "mycelium: cannot run $ARGV[0]: $!\n";
  exit 127;
}

# In /tmp somebody else could lie in wait for our environment. Where others could only look they no longer can.
sub refuse_foreign_run {
  my @run = lstat $run or return;
  return if -d _ && $run[4] == $> && !($run[2] & 022) && (!($run[2] & 077) || chmod(0700, $run));
  direct("$run is not a directory of this user alone (next: mycelium daemon start)");
}

sub dial {
  socket S, 1, 1, 0 or direct("no socket: $!");
  fcntl S, 4, $nonblock;
  return 1 if connect S, $address;
  direct("the daemon cannot be reached: $!") if $! != $enoent && $! != $refused && $! != $eagain;
  $absent = $! != $eagain;    # EAGAIN: it is there, and its queue of connections is full
  0;
}

# Returns once the daemon has taken us.
sub greet {
  my $end = time + $ack_s + 1;
  $SIG{PIPE} = 'IGNORE';
  $up = 'mycelium-hello 1 ' . unpack('H*', join "\0", "server=$id", "client=$client", "cwd=$cwd", 'relay=perl',
    "pid=$$", (map "arg=$_", @ARGV), '', map "$_=$ENV{$_}", keys %ENV) . "\n";
  while (time < $end) {
    my ($r, $w) = ($on_socket, length $up ? $on_socket : '');
    next if select($r, $w, undef, $end - time) < 1;
    if (vec $w, $s, 1) {
      my $n = syswrite S, $up;
      if (defined $n) { substr $up, 0, $n, '' }
      elsif ($! != $eagain && $! != $eintr) { $up = '' }    # closed early: its reason may still be there to read
    }
    if (vec $r, $s, 1) {
      my $n = sysread S, $down, 65536, length $down;
      next if !defined $n && ($! == $eagain || $! == $eintr);
      return if $down =~ s/^ok\n//;
      direct("the daemon refused the session: $1") if $down =~ /^no (.*)\n/;
      direct($n ? 'the daemon speaks another language' : 'the daemon closed the connection')
        if !$n || length $down > 200;
    }
  }
  direct("the daemon did not answer within $ack_s s");
}

refuse_foreign_run();
$end = time + $ack_s + 1;
until (dial()) {
  if ($absent) { eval join '', <DATA>; start(); last }
  direct('the daemon is too busy') if time > $end;
  select undef, undef, undef, .01;
}
refuse_foreign_run(); # where there was none when we first looked, somebody may have been faster
$s = fileno S;
vec($on_socket, $s, 1) = 1;
greet();

# A terminal or a file is shared with others and stays as it is.
$pipe = -p STDOUT;
$peer = -S STDOUT && (stat _)[1] != (stat STDIN)[1];
$watch = $pipe || $peer;
fcntl STDOUT, 4, fcntl(STDOUT, 3, 0) | $nonblock if $pipe || -S STDOUT;

# Asked of a stdout that selects as readable, or at the end of stdin. A pipe selects so when it has no reader; a
# socket does when its peer is closed, but also when the peer only shut down its own writing side, as Bun does for
# its children: an empty send fails only in the first case.
sub reader_gone {
  return $peer && !defined send STDOUT, '', 0 if !$pipe;
  vec(my $r = '', 1, 1) = 1;
  select $r, undef, undef, 0;
}

while (1) {
  my ($r, $w) = ('', '');
  vec($r, 0, 1) = 1 if !$ended && length $up < $most;
  vec($r, 1, 1) = 1 if $watch;
  vec($r, $s, 1) = 1 if !$closed && length $down < $most;
  vec($w, 1, 1) = 1 if length $down;
  vec($w, $s, 1) = 1 if length $up;
  next if select($r, $w, undef, undef) < 0;

  if ($watch && vec $r, 1, 1) {
    exit 1 if reader_gone();
    recv STDOUT, my $unasked, 65536, 0;
    $watch = length $unasked;
  }
  if (vec $r, $s, 1) {
    my $n = sysread S, $down, 65536, length $down;
    $closed = 1 if defined $n ? !$n : $! != $eagain && $! != $eintr;
  }
  if (vec $r, 0, 1) {
    my $n = sysread STDIN, $up, 65536, length $up;
    if (defined $n ? !$n : $! != $eagain && $! != $eintr) {
      # A dying agent's descriptors close one after the other: a moment, or its death looks like a half-close.
      select undef, undef, undef, .005;
      exit 1 if reader_gone();
      $up .= "\nmycelium-eof\n";
      $ended = 1;
    }
  }
  if (length $down) {
    my $n = syswrite STDOUT, $down;
    if (defined $n) { substr $down, 0, $n, '' }
    elsif ($! != $eagain && $! != $eintr) { exit 1 }
  }
  exit 0 if $closed && !length $down;
  if (length $up) {
    my $n = syswrite S, $up;
    if (defined $n) { substr $up, 0, $n, '' }
    elsif ($! != $eagain && $! != $eintr) { ($up, $ended, $deaf) = ('', 1, 1) }    # what it still says is delivered
  }
  shutdown S, $deaf = 1 if $ended && !$deaf && !length $up;
}
__END__
# What follows is compiled only where no daemon runs: a warm start is 0.3 ms and 80 KB better off without.

# Double fork: agents kill their process group, or walk their descendants. Returns the daemon's pid.
sub spawn_daemon {
  pipe R, W;
  my $between = fork;
  direct("cannot fork: $!") if !defined $between;
  if (!$between) {
    my $pid = fork;
    if ($pid) { syswrite W, $pid; exit }
    opendir D, '/dev/fd';
    for (readdir D) { close F if $_ > 2 && $_ != fileno D && open F, "<&=$_" }
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', "$log/daemon.log" or open STDOUT, '>', '/dev/null';
    open STDERR, '>&', STDOUT;
    umask 077;
    chdir '/';
    # What changes how node starts, and what tells a server's children: an agent may itself run inside a server.
    delete @ENV{grep /^(NODE|LD|DYLD|UV|OPENSSL|SSL|GLIBC|MALLOC)_|^MYCELIUM_UPSTREAM$/, keys %ENV};
    my @command = ($node, $daemon, 'run', $root);
    exec 'setsid', @command;
    eval { require POSIX; POSIX::setsid() };    # macOS has no setsid command
    exec @command;
    exit 127;
  }
  close W;
  sysread R, my $pid, 20;
  waitpid $between, 0;
  $pid;
}

# An orphan may stay a zombie in containers whose first process does not reap.
sub alive {
  kill 0, $_[0] or return;
  open F, '<', "/proc/$_[0]/stat" or return 1;
  <F> !~ /\) Z /;
}

# Connects once a daemon is there; whoever gets the lock starts it.
sub start {
  direct('the daemon is not running and there is no node to start it') if $node eq '';
  direct("the daemon is not running and $daemon is gone") if !-r $daemon;
  mkdir $_, 0700 for $root, $run, $log;
  refuse_foreign_run();
  open LOCK, '>>', "$run/start.lock" or direct("cannot write in $run: $!");
  my ($pause, $end) = (.001, time + $start_s);
  my ($locked, $pid, $dead_s);
  until (dial()) {
    my $failed = (stat "$run/start-failed")[9];
    # One of the future is from before the clock was put back.
    direct("the daemon could not be started (see $log/daemon.log)")
      if $failed && $failed <= time && time - $failed < 10;
    direct("the daemon did not come up within $start_s s") if time > $end;
    # The holder before us may just have succeeded: look again before starting a second one.
    next if !$locked && ($locked = flock LOCK, 6);
    if ($locked && $absent && !$pid) { $pid = spawn_daemon() }
    # Somebody outside this election may have started one that is still coming up: ours then ends at once.
    elsif ($pid && !alive($pid) && ($dead_s += $pause) > .25) {
      open F, '>', "$run/start-failed" and print F "the daemon ended before it listened\n" and close F;
    }
    select undef, undef, undef, $pause;
    $pause *= 1.5 if $pause < .02;
  }
  unlink "$run/start-failed" if $pid;
  close LOCK;
}
# the end
