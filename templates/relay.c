/*
 * The relay where the machine has a C compiler: `mycelium init` compiles it once and launcher.sh prefers it. It takes
 * the arguments of the perl relay in launcher.sh and has the same manners, with a seventh of the memory. A change here
 * usually belongs there and in relay.mjs too. C99 and POSIX with flock and MAP_ANON: Linux, macOS, the BSDs.
 *
 * One process that never blocks in either direction, because an agent that writes before it reads would otherwise
 * deadlock with a daemon that does the same.
 *
 * With --quick it is another program, for hooks and status lines (quick(), at the end), called by quiet.sh.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  WORKS = 42,      /* what --check answers: no shell and no loader that fails to run us ends with it */
  PIECE = 1 << 16, /* bytes of one read */
  MOST = 1 << 20,  /* bytes that may wait in one direction before its source is no longer read */
  ROOM = 2 * MOST, /* where they wait: they move to its front once in a MiB, and what is never touched costs nothing */
  KEEP_MS = 1000   /* how long that is kept when nothing waits any more */
};

extern char **environ;
static char *id, *client, *cwd, *root, *run, *logs, *node, *script, *start_s, *ack_s;
static char **command; /* the original one */
static struct sockaddr_un address;

/* One direction. What the other side does not take at once waits in `room`, which is made when something has to. */
struct flow {
  int to;
  int broken; /* nobody reads there any more */
  char *room;
  size_t size, start, end;
};
static struct flow up, down = {.to = 1};
static char piece[PIECE]; /* passing through, never kept */

/* Becomes the original server. */
__attribute__((noreturn, format(printf, 1, 2))) static void direct(const char *format, ...) {
  char why[8192];
  va_list values;
  va_start(values, format);
  vsnprintf(why, sizeof why, format, values);
  va_end(values);
  dprintf(2, "mycelium: %s; running %s directly\n", why, id);
  signal(SIGPIPE, SIG_DFL); /* an ignored signal would stay ignored */
  execvp(command[0], command);
  const char *refused = strerror(errno);
  signal(SIGPIPE, SIG_IGN);
  dprintf(2, "mycelium: cannot run %s: %s\n", command[0], refused);
  exit(127);
}

/* In a buffer that the next call overwrites. */
static const char *path_of(const char *directory, const char *name) {
  static char path[8192];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return path;
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap(int ms) { poll(NULL, 0, ms); }

/* After a failed read or write: true when trying again makes sense. */
static int for_now(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

static void close_on_exec(int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); }

/* --- bytes --------------------------------------------------------------------------------------------------- */

static size_t waiting(const struct flow *flow) { return flow->end - flow->start; }

/* Mapped, not malloc'd: it goes back to the system whole. */
static int make_room(struct flow *flow, size_t size) {
  char *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (room == MAP_FAILED) return 0;
  flow->room = room;
  flow->size = size;
  flow->start = flow->end = 0;
  return 1;
}

static int holds_empty_room(const struct flow *flow) { return flow->room && waiting(flow) == 0; }

static void give_back(struct flow *flow) {
  if (!holds_empty_room(flow)) return;
  munmap(flow->room, flow->size);
  flow->room = NULL;
}

/* Where the next `length` bytes wait. They fit: whoever adds looks at MOST first. */
static char *place(struct flow *flow, size_t length) {
  if (flow->size - flow->end < length) {
    size_t kept = waiting(flow);
    memmove(flow->room, flow->room + flow->start, kept);
    flow->start = 0;
    flow->end = kept;
  }
  return flow->room + flow->end;
}

/* How many of these bytes are taken now. */
static size_t push(struct flow *flow, const char *bytes, size_t length) {
  ssize_t n = write(flow->to, bytes, length);
  if (n < 0 && !for_now()) flow->broken = 1;
  return n < 0 ? 0 : (size_t)n;
}

static void flush(struct flow *flow) {
  flow->start += push(flow, flow->room + flow->start, waiting(flow));
  if (flow->broken || waiting(flow) == 0) flow->start = flow->end = 0;
}

/* Sends these bytes behind what waits. */
static void forward(struct flow *flow, const char *bytes, size_t length) {
  size_t n = waiting(flow) ? 0 : push(flow, bytes, length);
  if (flow->broken || n == length) return;
  if (!flow->room && !make_room(flow, ROOM)) {
    dprintf(2, "mycelium: %s: no memory: %s\n", id, strerror(errno));
    exit(1);
  }
  memcpy(place(flow, length - n), bytes + n, length - n);
  flow->end += length - n;
}

/* One read, and its bytes on their way. False at the end of what can be read. */
static int carry(int from, struct flow *flow) {
  int behind = waiting(flow) > 0;
  ssize_t n = read(from, flow->room ? place(flow, PIECE) : piece, PIECE);
  if (n <= 0) return n < 0 && for_now();
  if (!flow->room) forward(flow, piece, (size_t)n);
  else {
    flow->end += (size_t)n;
    if (!behind) flush(flow);
  }
  return 1;
}

/* --- the way to the daemon ----------------------------------------------------------------------------------- */

/* In /tmp somebody else could lie in wait for our environment. Where others could only look they no longer can. */
static void refuse_foreign_run(void) {
  struct stat stat;
  if (lstat(run, &stat) < 0) return;
  int ours = S_ISDIR(stat.st_mode) && stat.st_uid == geteuid() && !(stat.st_mode & 022);
  if (!ours || (stat.st_mode & 077 && chmod(run, 0700) < 0))
    direct("%s is not a directory of this user alone (next: mycelium daemon start)", run);
}

/* 0 once connected, else why not: ENOENT or ECONNREFUSED when no daemon is there, EAGAIN when its queue is full. */
static int dial(void) {
  up.to = socket(AF_UNIX, SOCK_STREAM, 0);
  if (up.to < 0) direct("no socket: %s", strerror(errno));
  close_on_exec(up.to);
  fcntl(up.to, F_SETFL, O_NONBLOCK);
  if (connect(up.to, (struct sockaddr *)&address, sizeof address) == 0) return 0;
  int why = errno;
  close(up.to);
  if (why != ENOENT && why != ECONNREFUSED && why != EAGAIN)
    direct("the daemon cannot be reached: %s", strerror(why));
  return why;
}

/* What changes how node starts, and what tells a server's children: an agent may itself run inside a server. */
static int not_for_daemon(const char *line) {
  static const char *const starts[] = {"NODE_", "LD_", "DYLD_", "UV_", "OPENSSL_", "SSL_", "GLIBC_", "MALLOC_", "MYCELIUM_UPSTREAM="};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (strncmp(line, starts[i], strlen(starts[i])) == 0) return 1;
  return 0;
}

__attribute__((noreturn)) static void become_daemon(void) {
  DIR *open_ones = opendir("/dev/fd");
  for (struct dirent *entry; open_ones && (entry = readdir(open_ones));) {
    int fd = atoi(entry->d_name);
    if (fd > 2 && fd != dirfd(open_ones)) close(fd);
  }
  umask(077);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int log = open(path_of(logs, "daemon.log"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  dup2(null, 0);
  dup2(log < 0 ? null : log, 1);
  dup2(1, 2);
  char **kept = environ;
  for (char **line = environ; *line; line++)
    if (!not_for_daemon(*line)) *kept++ = *line;
  *kept = NULL;
  signal(SIGPIPE, SIG_DFL);
  setsid();
  char *words[] = {node, script, "run", root, NULL};
  if (chdir("/") == 0) execvp(node, words);
  _exit(127);
}

/* Double fork: agents kill their process group, or walk their descendants. Returns the daemon's pid. */
static pid_t spawn_daemon(void) {
  int ends[2];
  if (pipe(ends) < 0) direct("cannot fork: %s", strerror(errno));
  close_on_exec(ends[0]);
  close_on_exec(ends[1]);
  pid_t pid, between = fork();
  if (between == 0) {
    pid = fork();
    if (pid == 0) become_daemon();
    _exit(write(ends[1], &pid, sizeof pid) < 0);
  }
  close(ends[1]);
  if (between < 0 || read(ends[0], &pid, sizeof pid) != sizeof pid || pid < 0) direct("cannot fork");
  close(ends[0]);
  while (waitpid(between, NULL, 0) < 0 && errno == EINTR) continue;
  return pid;
}

/* An orphan may stay a zombie in containers whose first process does not reap. */
static int alive(pid_t pid) {
  char path[64], line[512];
  if (kill(pid, 0) < 0) return 0;
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 1;
  ssize_t n = read(fd, line, sizeof line - 1);
  close(fd);
  line[n < 0 ? 0 : n] = 0;
  return strstr(line, ") Z ") == NULL;
}

static void note_failed_start(void) {
  static const char note[] = "the daemon ended before it listened\n";
  int fd = open(path_of(run, "start-failed"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0) return;
  if (write(fd, note, sizeof note - 1) < 0) unlink(path_of(run, "start-failed"));
  close(fd);
}

/* Connects once a daemon is there; whoever gets the lock starts it. */
static void start(void) {
  if (!*node) direct("the daemon is not running and there is no node to start it");
  if (access(script, R_OK) < 0) direct("the daemon is not running and %s is gone", script);
  mkdir(root, 0700);
  mkdir(run, 0700);
  mkdir(logs, 0700);
  refuse_foreign_run();
  int lock = open(path_of(run, "start.lock"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0) direct("cannot write in %s: %s", run, strerror(errno));
  int locked = 0, pause_ms = 1, dead_ms = 0;
  pid_t pid = 0;
  long long end = now_ms() + atol(start_s) * 1000;
  for (int why; (why = dial()) != 0;) {
    struct stat failed;
    /* One of the future is from before the clock was put back. */
    time_t age = stat(path_of(run, "start-failed"), &failed) == 0 ? time(NULL) - failed.st_mtime : -1;
    if (age >= 0 && age < 10)
      direct("the daemon could not be started (see %s/daemon.log)", logs);
    if (now_ms() > end) direct("the daemon did not come up within %s s", start_s);
    /* The holder before us may just have succeeded: look again before starting a second one. */
    if (!locked && flock(lock, LOCK_EX | LOCK_NB) == 0) {
      locked = 1;
      continue;
    }
    if (locked && why != EAGAIN && !pid) pid = spawn_daemon();
    /* Somebody outside this election may have started one that is still coming up: ours then ends at once. */
    else if (pid && !alive(pid) && (dead_ms += pause_ms) > 250) note_failed_start();
    nap(pause_ms);
    if (pause_ms < 20) pause_ms += (pause_ms + 1) / 2;
  }
  if (pid) unlink(path_of(run, "start-failed"));
  close(lock);
}

static void reach(void) {
  refuse_foreign_run();
  long long end = now_ms() + (atol(ack_s) + 1) * 1000;
  for (int why; (why = dial()) != 0; nap(10)) {
    if (why != EAGAIN) {
      start();
      return;
    }
    if (now_ms() > end) direct("the daemon is too busy");
  }
}

/* --- the greeting -------------------------------------------------------------------------------------------- */

/* One record of the hello in hex, with its NUL. */
static void say(const char *key, const char *value) {
  static const char digits[] = "0123456789abcdef";
  char *to = up.room + up.end;
  for (int part = 0; part < 2; part++)
    for (const unsigned char *byte = (const unsigned char *)(part ? value : key); *byte; byte++) {
      *to++ = digits[*byte >> 4];
      *to++ = digits[*byte & 15];
    }
  *to++ = '0';
  *to++ = '0';
  up.end = (size_t)(to - up.room);
}

/* Puts the hello in `up`, to be sent before all else. */
static void prepare_hello(void) {
  static const char greeting[] = "mycelium-hello 1 ";
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  size_t bytes = 256 + strlen(id) + strlen(client) + strlen(cwd);
  for (char **word = command; *word; word++) bytes += strlen(*word) + 8;
  for (char **line = environ; *line; line++) bytes += strlen(*line) + 8;
  if (!make_room(&up, 2 * bytes + ROOM)) direct("no memory: %s", strerror(errno));
  memcpy(up.room, greeting, up.end = sizeof greeting - 1);
  say("server=", id);
  say("client=", client);
  say("cwd=", cwd);
  say("relay=", "c");
  say("pid=", pid);
  for (char **word = command; *word; word++) say("arg=", *word);
  say("", "");
  for (char **line = environ; *line; line++) say("", *line);
  up.end -= 2; /* the records are joined by NUL, not ended */
  up.room[up.end++] = '\n';
}

/*
 * Returns once the daemon has taken us: how many bytes for the agent already came along, at piece + 3. Less than 0 when
 * it closed without a word.
 */
static ssize_t greet(void) {
  prepare_hello();
  size_t got = 0;
  long long end = now_ms() + atol(ack_s) * 1000;
  for (long long left; (left = end - now_ms()) > 0;) {
    /* Broken means closed early: its reason may still be there to read. */
    if (waiting(&up)) flush(&up);
    struct pollfd daemon = {.fd = up.to, .events = waiting(&up) ? POLLIN | POLLOUT : POLLIN};
    if (poll(&daemon, 1, (int)left) < 1 || !(daemon.revents & ~POLLOUT)) continue;
    ssize_t n = read(up.to, piece + got, PIECE - got);
    if (n < 0 && for_now()) continue;
    if (n > 0) got += (size_t)n;
    if (got >= 3 && memcmp(piece, "ok\n", 3) == 0) return (ssize_t)got - 3;
    char *newline = memchr(piece, '\n', got);
    if (newline && memcmp(piece, "no ", 3) == 0) direct("the daemon refused the session: %.*s", (int)(newline - piece) - 3, piece + 3);
    if (n <= 0 && got == 0) return -1;
    if (n <= 0) direct("the daemon closed the connection");
    if (got > 200) direct("the daemon speaks another language");
  }
  direct("the daemon did not answer within %s s", ack_s);
}

/* A daemon that is being killed still takes connections for a moment, and this relay is early enough to meet it. */
static ssize_t reach_and_greet(void) {
  for (int tries = 0; tries < 3; tries++, nap(10)) {
    reach();
    refuse_foreign_run(); /* where there was none when we first looked, somebody may have been faster */
    ssize_t along = greet();
    if (along >= 0) return along;
    close(up.to);
    up.start = up.end = 0;
    up.broken = 0;
    give_back(&up);
  }
  direct("the daemon closed the connection");
}

/* --- the relay ----------------------------------------------------------------------------------------------- */

static int is_pipe, is_peer; /* what stdout is, where its reader can be told to be gone */

/* A terminal or a file is shared with others and stays as it is. */
static void prepare_stdout(void) {
  struct stat in, out;
  if (fstat(1, &out) < 0) return;
  is_pipe = S_ISFIFO(out.st_mode);
  is_peer = S_ISSOCK(out.st_mode) && (fstat(0, &in) < 0 || in.st_ino != out.st_ino);
  if (is_pipe || S_ISSOCK(out.st_mode)) fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
}

/*
 * Asked of a stdout that polls as readable, or at the end of stdin. A pipe without a reader polls as an error or as
 * hung up. A socket polls as readable when its peer is closed, but also when the peer only shut down its own writing
 * side, as Bun does for its children: an empty send fails only in the first case.
 */
static int reader_gone(void) {
  if (is_peer) return send(1, "", 0, 0) < 0;
  struct pollfd out = {.fd = 1, .events = POLLIN};
  return is_pipe && poll(&out, 1, 0) > 0 && out.revents & ~POLLIN;
}

static int relay(void) {
  static const char marker[] = "\nmycelium-eof\n";
  int watch = is_pipe || is_peer;
  int ended = 0, shut = 0, closed = 0; /* stdin is at its end; so the daemon has been told; it has said all it will */
  for (;;) {
    int hear = !ended && waiting(&up) < MOST, listen = !closed && waiting(&down) < MOST;
    int to_agent = waiting(&down) > 0, to_daemon = waiting(&up) > 0;
    /* Who is asked nothing is left out: it would tell of its hang-up again and again. */
    struct pollfd polled[] = {
      {.fd = hear ? 0 : -1, .events = POLLIN},
      {.fd = watch || to_agent ? 1 : -1, .events = (short)((watch ? POLLIN : 0) | (to_agent ? POLLOUT : 0))},
      {.fd = listen || to_daemon ? up.to : -1, .events = (short)((listen ? POLLIN : 0) | (to_daemon ? POLLOUT : 0))},
    };
    /* Room is kept while bytes come in streams, and no longer. */
    int count = poll(polled, 3, holds_empty_room(&up) || holds_empty_room(&down) ? KEEP_MS : -1);
    if (count == 0) {
      give_back(&up);
      give_back(&down);
    }
    if (count <= 0) continue;
    int of_stdin = polled[0].revents, of_stdout = polled[1].revents, of_daemon = polled[2].revents;

    if (watch && of_stdout & ~POLLOUT) {
      if (reader_gone()) return 1;
      watch = recv(1, piece, PIECE, 0) > 0; /* unasked, or the end of what it will ever say */
    }
    if (to_agent && of_stdout & ~POLLIN) flush(&down);
    if (to_daemon && of_daemon & ~POLLIN) flush(&up);
    if (listen && of_daemon & ~POLLOUT) closed = !carry(up.to, &down);
    if (of_stdin && !carry(0, &up)) {
      /* A dying agent's descriptors close one after the other: a moment, or its death looks like a half-close. */
      nap(5);
      if (reader_gone()) return 1;
      forward(&up, marker, sizeof marker - 1);
      ended = 1;
    }
    if (down.broken) return 1;
    if (closed && waiting(&down) == 0) return 0;
    if (up.broken) ended = shut = 1; /* what it still says is delivered */
    if (ended && !shut && waiting(&up) == 0) {
      shutdown(up.to, SHUT_WR);
      shut = 1;
    }
  }
}

/* --- hooks and status lines ------------------------------------------------------------------------------------ */

/*
 * relay --quick RUN SOCKET NODE SCRIPT WORDS…
 *
 * Asks the process that waits for them (src/quick.ts) and prints its answer, instead of starting node. Whatever goes
 * wrong it becomes the original, NODE SCRIPT WORDS, with the same stdin. The perl in quiet.sh has the same manners;
 * core/hook/quick-request.ts is the other side's grammar.
 */
enum {
  INPUT_MOST = 4 << 20,  /* bytes of stdin above which the original had better run, as the other side says, too */
  ANSWER_MOST = 1 << 26, /* bytes of an answer */
  INPUT_MS = 1000,       /* how long stdin may take to end: what came until then counts */
  TAKEN_MS = 1000,       /* how long until we are taken: a process that is busy with another is no faster than node */
  ANSWER_MS = 3000,      /* how long an answer may take from then on: agents wait 5 s for a hook */
  FEED_MS = 5000         /* how long the original may have a stdin from which nothing comes */
};

static struct flow input; /* all that was read of stdin; nothing of it goes before the end */
static int input_ended = 1;

/* Gives the original what was read, and what is still to come. */
static void feed(int to) {
  for (size_t n; waiting(&input); input.start += n)
    if ((n = push(&input, input.room + input.start, waiting(&input))) == 0 && input.broken) return;
  while (!input_ended) {
    struct pollfd polled[] = {{.fd = 0, .events = POLLIN}, {.fd = to, .events = 0}};
    if (poll(polled, 2, FEED_MS) < 1 || polled[1].revents) return; /* nothing comes, or it reads no more */
    ssize_t n = read(0, piece, PIECE);
    if (n < 0 && for_now()) continue;
    if (n <= 0) return;
    for (ssize_t sent = 0, m; sent < n; sent += m)
      if ((m = write(to, piece + sent, (size_t)(n - sent))) < 0) return;
  }
}

/* What a pipe takes at once needs nobody to feed it, who would be left to whoever adopts orphans. */
__attribute__((noreturn)) static void become_original(const char *why) {
  int ends[2];
  close(up.to);
  if (pipe(ends) < 0) direct("%s, and no pipe: %s", why, strerror(errno));
  input.to = ends[1];
  input.broken = 0;
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  input.start += push(&input, input.room + input.start, waiting(&input));
  fcntl(ends[1], F_SETFL, 0);
  if ((waiting(&input) || !input_ended) && fork() == 0) {
    /* Whoever waits for the end of our output waits for the original's alone. */
    close(ends[0]);
    close(1);
    close(2);
    feed(ends[1]);
    _exit(0);
  }
  dup2(ends[0], 0);
  close(ends[0]);
  close(ends[1]);
  direct("%s", why);
}

/* As openStdin() in core/input.ts does, what is neither pipe nor socket nor file is empty. */
static void read_input(void) {
  struct stat in;
  if (!make_room(&input, INPUT_MOST + PIECE)) direct("no memory: %s", strerror(errno));
  if (fstat(0, &in) < 0 || !(S_ISFIFO(in.st_mode) || S_ISSOCK(in.st_mode) || S_ISREG(in.st_mode))) return;
  input_ended = 0;
  long long end = now_ms() + INPUT_MS;
  for (long long left; (left = end - now_ms()) > 0;) {
    struct pollfd polled = {.fd = 0, .events = POLLIN};
    if (poll(&polled, 1, (int)left) < 1) continue;
    ssize_t n = read(0, input.room + input.end, PIECE);
    if (n < 0 && for_now()) continue;
    if (n <= 0) {
      input_ended = 1;
      return;
    }
    input.end += (size_t)n;
    if (input.end > INPUT_MOST) become_original("the input is long");
  }
}

/* Puts the request's line in `up`; the input follows it. */
static void prepare_request(void) {
  static const char greeting[] = "mycelium-quick 1 ";
  char length[32];
  snprintf(length, sizeof length, "%zu", input.end);
  size_t bytes = 256 + strlen(script);
  for (char **word = command + 2; *word; word++) bytes += strlen(*word) + 8;
  for (char **line = environ; *line; line++) bytes += strlen(*line) + 8;
  if (!make_room(&up, 2 * bytes)) become_original("no memory");
  memcpy(up.room, greeting, up.end = sizeof greeting - 1);
  say("script=", script);
  say("input=", length);
  say("whole=", input_ended ? "1" : "0");
  for (char **word = command + 2; *word; word++) say("arg=", *word);
  say("", "");
  for (char **line = environ; *line; line++) say("", *line);
  up.end -= 2; /* the records are joined by NUL, not ended */
  up.room[up.end++] = '\n';
}

/* Some bytes of the answer, while the request is still being sent; not later than `end`. */
static size_t hear(char *to, size_t most, long long end) {
  for (long long left; (left = end - now_ms()) > 0;) {
    int sending = waiting(&up) || waiting(&input);
    struct pollfd host = {.fd = up.to, .events = sending ? POLLIN | POLLOUT : POLLIN};
    if (poll(&host, 1, (int)left) < 1) continue;
    if (sending && host.revents & POLLOUT) {
      struct flow *flow = waiting(&up) ? &up : &input;
      flow->start += push(flow, flow->room + flow->start, waiting(flow));
      if (flow->broken) flow->start = flow->end; /* its reason may still be there to read */
    }
    if (!(host.revents & ~POLLOUT)) continue;
    ssize_t n = read(up.to, to, most);
    if (n < 0 && for_now()) continue;
    return n < 0 ? 0 : (size_t)n;
  }
  return 0;
}

/* The whole answer or none: of one that was cut off nothing is printed. */
static int quick(void) {
  refuse_foreign_run();
  if (dial() != 0) direct("nobody waits for hooks");
  read_input();
  size_t length = input.end;
  prepare_request();
  input.to = up.to;
  const char *failed = NULL;
  size_t got = 0, head = 0;
  unsigned long answer = 0;
  long long end = now_ms() + TAKEN_MS;
  while (!failed && !head) {
    size_t n = hear(piece + got, sizeof piece - 1 - got, end);
    int was_taken = got >= 3;
    got += n;
    piece[got] = 0;
    char *newline = got > 3 ? memchr(piece + 3, '\n', got - 3) : NULL;
    if (n == 0) failed = "no answer came";
    else if (memcmp(piece, "ok\n", got < 3 ? got : 3) != 0) failed = "another program answers";
    else if (newline) {
      char *after;
      answer = strtoul(piece + 3, &after, 10);
      if (after != newline || answer > ANSWER_MOST) failed = "the answer has no length";
      head = (size_t)(newline - piece) + 1;
    }
    if (!was_taken && got >= 3) end = now_ms() + ANSWER_MS;
  }
  if (!failed) {
    down.start = down.end = 0;
    if (!make_room(&down, answer + PIECE)) failed = "no memory";
    else {
      down.end = got - head < answer ? got - head : answer;
      memcpy(down.room, piece + head, down.end);
    }
    while (!failed && down.end < answer) {
      size_t n = hear(down.room + down.end, answer - down.end, end);
      down.end += n;
      if (n == 0) failed = "the answer was cut off";
    }
  }
  if (failed) {
    input.start = 0;
    input.end = length;
    become_original(failed);
  }
  for (size_t sent = 0; sent < answer;) {
    ssize_t n = write(1, down.room + sent, answer - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && for_now()) {
      struct pollfd out = {.fd = 1, .events = POLLOUT};
      poll(&out, 1, -1);
    } else if (n < 0) break; /* the agent has gone */
    else sent += (size_t)n;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--check") == 0) return WORKS;
  int is_quick = argc >= 7 && strcmp(argv[1], "--quick") == 0;
  if (!is_quick && argc < 13) return 2;
  if (is_quick) id = "a hook", run = argv[2], command = argv + 4, script = argv[5];
  else {
    id = argv[1], client = argv[2], cwd = argv[3], root = argv[4], run = argv[5], logs = argv[6];
    node = argv[8], script = argv[9], start_s = argv[10], ack_s = argv[11], command = argv + 12;
  }
  signal(SIGPIPE, SIG_IGN);
  /* Or a connection could become the stdin that is missing. */
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0) close_on_exec(open("/dev/null", O_RDWR));
  address.sun_family = AF_UNIX;
  const char *path = argv[is_quick ? 3 : 7];
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) direct("the path of its socket is too long");
  memcpy(address.sun_path, path, length);
  if (is_quick) return quick();

  ssize_t along = reach_and_greet();
  prepare_stdout();
  give_back(&up);
  if (along > 0) forward(&down, piece + 3, (size_t)along);
  return relay();
}
