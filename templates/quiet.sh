#!/bin/sh
# mycelium for hooks and status lines of clients. Made by `mycelium init --hooks`, removed by `mycelium undo`.
#
#   quiet hook CLIENT [EVENT]
#   quiet statusline
#
# Where a process waits for it (src/quick.ts) it asks that, by the relay that init compiled or by perl (below); else, and
# whenever that fails, it starts node, which asks the daemon for such a process for the next time.
# Whatever is missing or broken, it ends with 0 and says nothing on stderr: an agent must not fail by its hooks.
# Every path is embedded, because some agents clear the environment.
# Dialect: POSIX sh, plus test -O and -nt.
# shellcheck disable=SC2317,SC3013,SC3067

MYCELIUM_HOME={{root}}
export MYCELIUM_HOME
# What others preload into Node costs more than all of this (NODE_EXTRA_CA_CERTS 45 ms on Node 20); what they preload into perl
# may keep the one below from running, or print into its answer.
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS PERL5OPT
mycelium_relay=${MYCELIUM_RELAY-}
unset MYCELIUM_RELAY MYCELIUM_QUICK
cd / 2>/dev/null

case ${1-} in
  hook | statusline) mycelium_script={{dist}}/$1.cjs ;;
  *) exit 0 ;;
esac
[ -r "$mycelium_script" ] || exit 0

# The embedded node goes away when a version manager upgrades.
mycelium_node=
for mycelium_try in {{node}} node /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node; do
  command -v "$mycelium_try" >/dev/null 2>&1 || continue
  mycelium_node=$mycelium_try
  break
done
[ -n "$mycelium_node" ] || exit 0

mycelium_run={{run}}
mycelium_c={{relayBinary}}

mycelium_may_use() {
  [ "${mycelium_relay:-$1}" = "$1" ]
}

# Found out before, and kept while the daemon lives, as in launcher.sh: what the system refuses, sh runs as a script.
mycelium_c_works() {
  [ -x "$mycelium_c" ] || return 1
  read -r mycelium_try </proc/sys/kernel/hostname || mycelium_try=
  mycelium_try=$mycelium_run/c-works-$mycelium_try
  [ -S {{socket}} ] && [ "$mycelium_try" -nt "$mycelium_c" ] && return 0
  (cd {{root}} && PATH='' exec "$mycelium_c" --check) </dev/null >/dev/null 2>&1
  if [ $? != 42 ]; then
    rm -f "$mycelium_try"
    return 1
  fi
  # Not `:`, a special builtin whose failed redirection would end the shell.
  if [ -O "$mycelium_run" ]; then true >"$mycelium_try"; fi
  return 0
} 2>/dev/null

mycelium_perl=/usr/bin/perl
[ -x "$mycelium_perl" ] || mycelium_perl=perl

# Either of them becomes node by itself where it gets no answer; one that could not be started has read nothing.
if mycelium_may_use c && [ -x "$mycelium_c" ]; then
  MYCELIUM_QUICK=c
  export MYCELIUM_QUICK
  if [ -S {{quickSocket}} ] && mycelium_c_works; then
    "$mycelium_c" --quick "$mycelium_run" {{quickSocket}} "$mycelium_node" "$mycelium_script" "$@" 2>/dev/null && exit 0
  fi
fi
if mycelium_may_use perl && command -v "$mycelium_perl" >/dev/null 2>&1; then
  MYCELIUM_QUICK=perl
  export MYCELIUM_QUICK
  if [ -S {{quickSocket}} ]; then
    "$mycelium_perl" -C0 -x {{quiet}} "$mycelium_run" {{quickSocket}} "$mycelium_node" "$mycelium_script" "$@" \
      2>/dev/null && exit 0
  fi
fi
"$mycelium_node" "$mycelium_script" "$@" 2>/dev/null
exit 0

# --- the same in perl: `perl -x` starts at the next #! line; no shell gets this far ------------------------------

: <<'# the end'
#!perl
# No modules, no strict: each would double the start-up time. A change here usually belongs in quick() of relay.c too.
($run, $socket, @original) = @ARGV;
($node, $script, @words) = @original;

# Socket layout and numbers of Linux, or of macOS and the BSDs.
if ($^O eq 'linux') { $address = pack 'S a108', 1, $socket; ($nonblock, $eagain) = (2048, 11) }
else { $address = pack 'C C a104', 106, 1, $socket; ($nonblock, $eagain) = (4, 35) }
$eintr = 4;

$most = 4 << 20;    # bytes of stdin above which the original had better run, as the other side says, too
($input_s, $taken_s, $answer_s) = (1, 1, 3);

sub original {
  $SIG{PIPE} = 'DEFAULT';
  exec { $node } @original or exit 127;
}

# The original gets what was read, and what is still to come. What a pipe takes at once needs nobody to feed it, who would be
# left to whoever adopts orphans.
sub become_original {
  close S;
  pipe R, W or original();
  fcntl W, 4, $nonblock;
  my $fits = syswrite W, $input;
  substr $input, 0, $fits, '' if $fits;
  fcntl W, 4, 0;
  my $pid = $ended && !length $input ? $$ : fork;
  if (defined $pid && !$pid) {
    close $_ for R, STDOUT, STDERR;
    while (length $input) {
      my $n = syswrite W, $input;
      exit if !defined $n && $! != $eintr;
      substr $input, 0, $n, '' if $n;
    }
    until ($ended) {
      vec(my $r = '', 0, 1) = 1;
      exit if select($r, undef, undef, 5) < 1 || !sysread(STDIN, $input, 65536) || !defined syswrite W, $input;
    }
    exit;
  }
  open STDIN, '<&', R;
  close $_ for R, W;
  original();
}

# As openStdin() in core/input.ts does, what is neither pipe nor socket nor file is empty.
sub read_input {
  $ended = !(-p STDIN || -S _ || -f _) and return;
  vec(my $stdin = '', 0, 1) = 1;
  my $left = $input_s;
  my $end = time + 1 + $input_s;
  while ($left > 0 && time < $end) {
    my $r = $stdin;
    (my $found, $left) = select $r, undef, undef, $left;
    next if $found < 1;
    my $n = sysread STDIN, $input, 65536, length $input;
    next if !defined $n && ($! == $eagain || $! == $eintr);
    return $ended = 1 if !$n;
    become_original() if length $input > $most;
  }
}

my @run = lstat $run;
original() if !@run || !-d _ || $run[4] != $> || $run[2] & 022 || $run[2] & 077 && !chmod 0700, $run;
socket S, 1, 1, 0 or original();
fcntl S, 4, $nonblock;
connect S, $address or original();
$SIG{PIPE} = 'IGNORE';
$input = '';
read_input();
$up = 'mycelium-quick 1 ' . unpack('H*', join "\0", "script=$script", 'input=' . length $input, 'whole=' . ($ended || 0),
  (map "arg=$_", @words), '', map "$_=$ENV{$_}", keys %ENV) . "\n" . $input;
vec($on_socket = '', fileno S, 1) = 1;
($left, $down) = ($taken_s, '');
$end = time + 1 + $taken_s + $answer_s;
for (;;) {
  become_original() if $left <= 0 || time > $end;
  my ($r, $w) = ($on_socket, length $up ? $on_socket : '');
  (my $found, $left) = select $r, $w, undef, $left;
  next if $found < 1;
  if ($w ne '' && $w & $on_socket) {
    my $n = syswrite S, $up;
    if (defined $n) { substr $up, 0, $n, '' }
    elsif ($! != $eagain && $! != $eintr) { $up = '' }    # its reason may still be there to read
  }
  next if ($r & $on_socket) !~ /[^\0]/;
  my $n = sysread S, $down, 65536, length $down;
  next if !defined $n && ($! == $eagain || $! == $eintr);
  become_original() if !$n || substr($down, 0, 3) ne substr "ok\n", 0, length $down;
  $left = $answer_s if !$taken++;
  next if $down !~ /^ok\n(\d+)\n/;
  last if length $down >= $1 + length $&;
}
$down =~ /^ok\n(\d+)\n/;
$answer = substr $down, length $&, $1;
while (length $answer) {
  my $n = syswrite STDOUT, $answer;
  if (defined $n) { substr $answer, 0, $n, '' }
  elsif ($! == $eagain) { select undef, undef, undef, .01 }
  elsif ($! != $eintr) { last }    # the agent has gone
}
exit 0;
# the end
